//! The example contracts, played through with the receipts of a running node.

use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolValue as _};
use revm::bytecode::Bytecode;
use revm::state::AccountInfo;

use super::abi::{Dice, Lottery, verifyFullCall};
use super::chain::Chain;
use super::documents::{keys, signed};
use super::issuer::{CHAIN_ID, Signed};
use crate::harness::target::Target;
use crate::interop::Read;

const HOUSE: Address = address!("0x00000000000000000000000000000000000000aa");
const PRICE: U256 = U256::from_limbs([1000, 0, 0, 0]);
/// The contract that keeps block hashes, and its code (EIP-2935).
const HISTORY: Address = address!("0x0000F90827F1C53a10cb7A02335B175320002935");
const HISTORY_CODE: &str = "3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

/// A chain with a verifier for the keys of the running node.
struct Game {
    node: Target,
    chain: Chain,
    verifier: Address,
    key_hash: B256,
}

impl Game {
    fn new() -> Self {
        let node = Target::get();
        let keys = keys(&node.get_keyed("/v1/keys").expect(200).json());
        let mut chain = Chain { id: CHAIN_ID, number: 100, ..Chain::default() };
        let code = Bytecode::new_legacy(hex::decode(HISTORY_CODE).unwrap().into());
        chain.db.insert_account_info(HISTORY, AccountInfo::default().with_code(code));
        let verifier = keys.deploy(&mut chain);
        Self { node, chain, verifier, key_hash: keys.key_hash() }
    }

    /// Goes to a later block, past 256 of them: the hash of `of` is in the history contract alone.
    fn mine(&mut self, of: u64) {
        self.chain.number = of + 1000;
        let (slot, hash) = (U256::from(of % 8191), keccak256(of.to_be_bytes()));
        self.chain.db.insert_account_storage(HISTORY, slot, hash.into()).unwrap();
    }

    /// Asks the node as a player does, and brings the answer's time to the chain.
    fn ask(&mut self, alpha: &[u8]) -> Signed {
        let alpha = hex::encode(alpha);
        let contract = self.verifier.to_checksum(None);
        let query = format!("alpha={alpha}&chain_id={CHAIN_ID}&contract={contract}&format=evm");
        let answer = self.node.get_keyed(&format!("/v1/vrf?{query}")).expect(200);
        let document = Read(answer.json());
        self.chain.timestamp = document.timestamp();
        signed(&document)
    }

    fn owed<C: SolCall<Return = U256>>(&mut self, game: Address, call: &C) -> U256 {
        self.chain.view(game, call).returned::<C>()
    }
}

#[test]
fn a_lottery() {
    let mut game = Game::new();
    let lottery = game.chain.deploy(HOUSE, "R4Lottery", &game.verifier.abi_encode());
    let closes = game.chain.number + 10;
    let open = Lottery::openCall {
        keyHash: game.key_hash,
        ticketPrice: PRICE,
        maxTickets: U256::from(3),
        closeBlock: U256::from(closes),
    };
    let bond = PRICE * U256::from(6);
    let number = game.chain.pay(HOUSE, lottery, &open, bond).returned::<Lottery::openCall>();
    let players: [Address; 3] = [1, 2, 3].map(Address::repeat_byte);
    for player in players {
        game.chain.pay(player, lottery, &Lottery::buyCall { number }, PRICE).output.unwrap();
    }
    game.mine(closes + 4);
    game.chain.call(HOUSE, lottery, &Lottery::storeHashCall { number }).output.unwrap();
    let alpha = Lottery::alphaOfCall { number };
    let alpha = game.chain.view(lottery, &alpha).returned::<Lottery::alphaOfCall>();
    let draw = |game: &mut Game, signed: &Signed| {
        let verifyFullCall { receipt, signature, publicKey, proof, .. } = signed.full();
        let call = Lottery::drawCall { number, receipt, signature, publicKey, proof };
        game.chain.call(HOUSE, lottery, &call)
    };
    // A receipt for another alpha draws nothing.
    let other = game.ask(b"another");
    assert!(draw(&mut game, &other).reverted_with::<Lottery::WrongAlpha>());
    let signed = game.ask(&alpha);
    draw(&mut game, &signed).output.unwrap();
    assert!(draw(&mut game, &signed).reverted_with::<Lottery::WrongState>(), "drawn once");

    let winner = U256::from_be_bytes(signed.receipt.random.0) % U256::from(3);
    for (ticket, account) in players.into_iter().enumerate() {
        let pot = if winner == U256::from(ticket) { PRICE * U256::from(3) } else { U256::ZERO };
        assert_eq!(game.owed(lottery, &Lottery::owedCall { account }), pot);
    }
    assert_eq!(game.owed(lottery, &Lottery::owedCall { account: HOUSE }), bond);
}

#[test]
fn a_game_of_dice() {
    let mut game = Game::new();
    let arguments_of_dice = (game.verifier, game.key_hash).abi_encode_params();
    let dice = game.chain.deploy(HOUSE, "R4Dice", &arguments_of_dice);
    let stake = U256::from(100);
    game.chain.pay(HOUSE, dice, &Dice::fundCall {}, stake * U256::from(40)).output.unwrap();
    let player = Address::repeat_byte(1);
    let (mut won, mut funds) = (0_u64, 4000_u64);
    for round in 0..6 {
        let made = game.chain.number;
        let bet = Dice::betCall { face: 3 };
        let number = game.chain.pay(player, dice, &bet, stake).returned::<Dice::betCall>();
        game.mine(made + 4);
        game.chain.call(player, dice, &Dice::storeHashCall { number }).output.unwrap();
        let alpha = Dice::alphaOfCall { number };
        let alpha = game.chain.view(dice, &alpha).returned::<Dice::alphaOfCall>();
        let signed = game.ask(&alpha);
        let verifyFullCall { receipt, signature, publicKey, proof, .. } = signed.full();
        let settle = Dice::settleCall { number, receipt, signature, publicKey, proof };
        game.chain.call(player, dice, &settle).output.unwrap();
        assert!(game.chain.call(player, dice, &settle).reverted_with::<Dice::NoSuchBet>());
        let rolled = U256::from_be_bytes(signed.receipt.random.0) % U256::from(6) + U256::ONE;
        (won, funds) =
            if rolled == U256::from(3) { (won + 500, funds - 400) } else { (won, funds + 100) };
        let owed = game.owed(dice, &Dice::owedCall { account: player });
        assert_eq!(owed, U256::from(won), "round {round}");
        assert_eq!(game.owed(dice, &Dice::fundsCall {}), U256::from(funds));
    }
}
