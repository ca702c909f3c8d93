// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {R4ReceiptVerifier, Receipt} from "../src/R4ReceiptVerifier.sol";
import {BlockHash} from "./BlockHash.sol";

/// @title A game of dice against a house
/// @notice A player bets on a face. The hash of the block `HASH_DELAY` blocks later, which nobody knows
/// before, completes alpha; anyone stores it, asks the node for the receipt of `alphaOf(bet)` and brings that to
/// `settle`. If the hash or the receipt does not come in time, the player wins: so holding back an answer
/// does not pay for the house. What it can lose by a bet is set aside when the bet is made.
///
/// The house must be whoever runs the node and owns the verifier, or trust them: they can keep the answer back,
/// and as players they would, whenever they lose. And every player gains when the node is down for the whole time.
/// @dev What this does not prove: a block's proposer can drop its block and so get another hash; alone it does
/// not know which face that makes. A proposer that also holds the VRF key knows, and may choose among all
/// blocks it can make. Whoever can undo blocks can undo a result that it does not like.
contract R4Dice {
    /// @param player Who bets; zero when there is no such bet, or it is over.
    /// @param face 1 to 6.
    /// @param stake In wei.
    /// @param closeBlock The block of the bet.
    /// @param blockHash The hash of block closeBlock + HASH_DELAY, once stored.
    struct Bet {
        address player;
        uint8 face;
        uint256 stake;
        uint256 closeBlock;
        bytes32 blockHash;
    }

    /// Funds were added, or taken out by the house; bets change them, too.
    event FundsChanged(uint256 funds);
    /// A bet was made.
    event BetMade(uint256 indexed bet, address indexed player, uint8 face, uint256 stake);
    /// alpha is complete: ask the node for its receipt.
    event HashStored(uint256 indexed bet, bytes32 blockHash);
    /// The bet is over; if it was won, the player is owed the win.
    event Rolled(uint256 indexed bet, address indexed player, uint256 rolled, bool won);
    /// The bet is over without a roll; the player is owed the win.
    event Failed(uint256 indexed bet, address indexed player);

    /// A die has the faces 1 to 6.
    error NoSuchFace();
    /// The house has not that much which no bet needs.
    error HouseTooPoor(uint256 funds);
    /// The key is unknown to the verifier, has not begun, or has an end.
    error KeyNotActive();
    /// There is no such bet, or it is over.
    error NoSuchBet();
    /// There is a hash; it never changes.
    error HashAlreadyStored();
    /// alpha is not complete yet.
    error HashNotStored();
    /// The receipt is of another key than the game's.
    error WrongKey();
    /// The deadline is over: the player has won.
    error TooLate();
    /// The deadline is not over.
    error NotYetFailed();
    /// Only the house may do this.
    error NotTheHouse();

    /// How many blocks after the bet the hash comes from.
    uint256 public constant HASH_DELAY = 4;
    /// How many blocks there are to store the hash and bring the receipt: a day of blocks of 12 s, and
    /// within the 8191 of EIP-2935. Where a chain does not have it, the hash must be stored within 256.
    uint256 public constant SETTLE_BLOCKS = 7200;
    /// A win pays the stake five times back. A fair die would pay six times: the rest is the house's.
    uint256 public constant PAYS = 5;

    /// The verifier that the receipts are made for.
    R4ReceiptVerifier public immutable verifier;
    /// The key of the node, fixed before any alpha is known: another key would be another roll.
    bytes32 public immutable keyHash;
    /// Who owns the house's funds.
    address public immutable house;
    /// The house's funds that no bet needs, in wei.
    uint256 public funds;
    /// How many bets were made; the last one has this number.
    uint256 public bets;
    /// What can be withdrawn, in wei.
    mapping(address account => uint256) public owed;
    /// The bets that are not over.
    mapping(uint256 number => Bet) public betOf;

    constructor(R4ReceiptVerifier verifier_, bytes32 keyHash_) payable {
        (verifier, keyHash, house, funds) = (verifier_, keyHash_, msg.sender, msg.value);
    }

    /// @notice Adds to the house's funds.
    function fund() external payable {
        funds += msg.value;
        emit FundsChanged(funds);
    }

    /// @notice Takes from the house's funds what no bet needs. Do it before the key ends: bets without a receipt win.
    function unfund(uint256 amount) external {
        require(msg.sender == house, NotTheHouse());
        require(amount <= funds, HouseTooPoor(funds));
        funds -= amount;
        owed[house] += amount;
        emit FundsChanged(funds);
    }

    /// @notice Bets the value sent on a face. Refused while the key cannot answer: such a bet would win.
    function bet(uint8 face) external payable returns (uint256 number) {
        require(face >= 1 && face <= 6, NoSuchFace());
        require(verifier.isActive(keyHash), KeyNotActive());
        uint256 risk = msg.value * (PAYS - 1);
        require(risk <= funds, HouseTooPoor(funds));
        funds -= risk;
        number = ++bets;
        betOf[number] = Bet(msg.sender, face, msg.value, block.number, 0);
        emit BetMade(number, msg.sender, face, msg.value);
    }

    /// @notice Stores the hash that completes alpha. Anyone may call it, once the block is over.
    function storeHash(uint256 number) external {
        Bet storage made = _openBet(number);
        require(block.number <= _deadline(made), TooLate());
        require(made.blockHash == 0, HashAlreadyStored());
        made.blockHash = BlockHash.read(made.closeBlock + HASH_DELAY);
        emit HashStored(number, made.blockHash);
    }

    /// @notice Returns the input to ask the node for, bound to this contract, bet, player and block.
    /// @dev Its first bytes are a fixed tag, so that it never begins with "r4/", which the node refuses.
    function alphaOf(uint256 number) public view returns (bytes memory alpha) {
        Bet storage made = betOf[number];
        require(made.blockHash != 0, HashNotStored());
        bytes32 hash = keccak256(abi.encode(block.chainid, this, number, made.player, made.face, made.blockHash));
        return abi.encodePacked("R4Dice/v1:", hash);
    }

    /// @notice Rolls the die. Anyone may bring the receipt; there is only one output that passes.
    /// @dev Of 2²⁵⁶ outputs, a face has ⌊2²⁵⁶ / 6⌋ or one more: no player can notice that.
    function settle(
        uint256 number,
        Receipt calldata receipt,
        bytes calldata signature,
        bytes calldata publicKey,
        bytes calldata proof
    ) external {
        Bet memory made = _openBet(number);
        require(block.number <= _deadline(betOf[number]), TooLate());
        require(receipt.keyHash == keyHash, WrongKey());
        bytes32 random = verifier.verifyFull(receipt, signature, publicKey, alphaOf(number), proof);

        uint256 rolled = 1 + uint256(random) % 6;
        bool won = rolled == made.face;
        delete betOf[number];
        if (won) owed[made.player] += made.stake * PAYS;
        else funds += made.stake * PAYS;
        emit Rolled(number, made.player, rolled, won);
    }

    /// @notice Pays a bet that was not settled in time, as a win. Anyone may call it.
    function fail(uint256 number) external {
        Bet memory made = _openBet(number);
        require(block.number > _deadline(betOf[number]), NotYetFailed());
        delete betOf[number];
        owed[made.player] += made.stake * PAYS;
        emit Failed(number, made.player);
    }

    /// @notice Sends you what you are owed.
    function withdraw() external {
        uint256 amount = owed[msg.sender];
        owed[msg.sender] = 0;
        Address.sendValue(payable(msg.sender), amount);
    }

    function _openBet(uint256 number) private view returns (Bet storage made) {
        made = betOf[number];
        require(made.player != address(0), NoSuchBet());
    }

    function _deadline(Bet storage made) private view returns (uint256) {
        return made.closeBlock + HASH_DELAY + SETTLE_BLOCKS;
    }
}
