// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {R4ReceiptVerifier, Receipt} from "../src/R4ReceiptVerifier.sol";
import {BlockHash} from "./BlockHash.sol";

/// @title A lottery: one of the tickets takes the pot
/// @notice Somebody opens a round with a bond and names the node's key. Players buy tickets until
/// `closeBlock`. The hash of block `closeBlock + HASH_DELAY`, which nobody knows before, completes alpha; anyone
/// stores it, asks the node for the receipt of `alphaOf(round)` and brings that to `draw`.
///
/// There is one winner that a round can have, and no second draw. If the hash or the receipt does not come in time,
/// every ticket is paid as if it had won: that is what the bond is for, and why holding back an answer does not
/// pay, however many of the tickets the operator holds.
///
/// Whoever opens a round must run the node and own the verifier, or trust those who do: they can keep the answer back,
/// and with tickets of their own they would, at the opener's expense. And every player gains when the node is
/// down for the whole time. Of a failed round's bond less wei than tickets may be left over for ever.
/// @dev What this does not prove: a block's proposer can drop its block and so get another hash; alone it does
/// not know which winner that makes. A proposer that also holds the VRF key knows, and may choose among all
/// blocks it can make. Whoever can undo blocks can undo a result that it does not like.
contract R4Lottery {
    /// What became of a round. Drawn and Failed are for ever.
    enum State {
        None,
        Open,
        Drawn,
        Failed
    }

    /// @param state What became of it.
    /// @param operator Who opened it and put down the bond.
    /// @param keyHash The key of the node, fixed before alpha is known: another key would be another draw.
    /// @param ticketPrice In wei.
    /// @param maxTickets How many tickets there are at most.
    /// @param closeBlock The last block in which a ticket can be bought.
    /// @param bond In wei; goes back to the operator when the round is drawn.
    /// @param participants A hash of all tickets in their order.
    /// @param blockHash The hash of block closeBlock + HASH_DELAY, once stored.
    /// @param tickets Who holds each ticket.
    struct Round {
        State state;
        address operator;
        bytes32 keyHash;
        uint256 ticketPrice;
        uint256 maxTickets;
        uint256 closeBlock;
        uint256 bond;
        bytes32 participants;
        bytes32 blockHash;
        address[] tickets;
    }

    /// A round was opened.
    event Opened(
        uint256 indexed round, address indexed operator, bytes32 keyHash, uint256 ticketPrice, uint256 closeBlock
    );
    /// A ticket was bought.
    event TicketBought(uint256 indexed round, uint256 indexed ticket, address indexed player);
    /// alpha is complete: ask the node for its receipt.
    event HashStored(uint256 indexed round, bytes32 blockHash);
    /// The round is over; `winner` is owed the pot.
    event Drawn(uint256 indexed round, uint256 indexed ticket, address indexed winner);
    /// The round is over; every ticket can claim.
    event Failed(uint256 indexed round);

    /// The round is not in the state that this needs.
    error WrongState(State state);
    /// The close is over, or too far away.
    error CloseBlockOutOfRange();
    /// The key is unknown to the verifier, has not begun, or has an end.
    error KeyNotActive();
    /// The value sent does not pay the pot to every ticket.
    error BondTooSmall(uint256 wanted);
    /// The last block for tickets is over.
    error SalesClosed();
    /// The bond covers no more tickets.
    error SoldOut();
    /// The value sent is not the price of a ticket.
    error WrongPrice(uint256 wanted);
    /// There is a hash; it never changes.
    error HashAlreadyStored();
    /// alpha is not complete yet.
    error HashNotStored();
    /// There is nobody who could win.
    error NoTickets();
    /// The receipt is of another key than the round named.
    error WrongKey();
    /// The deadline is over: the round has failed.
    error TooLate();
    /// The deadline is not over.
    error NotYetFailed();
    /// The ticket was paid before.
    error TicketPaid();

    /// How many blocks a round may be open: about a month.
    uint256 public constant SALE_BLOCKS = 216_000;
    /// How many blocks after the close the hash comes from.
    uint256 public constant HASH_DELAY = 4;
    /// How many blocks there are to store the hash and bring the receipt: a day of blocks of 12 s, and
    /// within the 8191 of EIP-2935. Where a chain does not have it, the hash must be stored within 256.
    uint256 public constant DRAW_BLOCKS = 7200;

    /// The verifier that the receipts are made for.
    R4ReceiptVerifier public immutable verifier;
    /// How many rounds were opened; the last one has this number.
    uint256 public rounds;
    /// What can be withdrawn, in wei.
    mapping(address account => uint256) public owed;
    mapping(uint256 number => Round) private _rounds;

    constructor(R4ReceiptVerifier verifier_) {
        verifier = verifier_;
    }

    /// @notice Opens a round. The value sent is the bond, at least `bondFor(ticketPrice, maxTickets)`.
    function open(bytes32 keyHash, uint256 ticketPrice, uint256 maxTickets, uint256 closeBlock)
        external
        payable
        returns (uint256 number)
    {
        require(closeBlock >= block.number && closeBlock <= block.number + SALE_BLOCKS, CloseBlockOutOfRange());
        require(verifier.isActive(keyHash), KeyNotActive());
        uint256 wanted = bondFor(ticketPrice, maxTickets);
        require(msg.value >= wanted, BondTooSmall(wanted));
        number = ++rounds;
        Round storage round = _rounds[number];
        (round.state, round.operator, round.keyHash) = (State.Open, msg.sender, keyHash);
        (round.ticketPrice, round.maxTickets) = (ticketPrice, maxTickets);
        (round.closeBlock, round.bond) = (closeBlock, msg.value);
        emit Opened(number, msg.sender, keyHash, ticketPrice, closeBlock);
    }

    /// @notice Buys one ticket. Refused while the key cannot answer: the opener would pay for that.
    function buy(uint256 number) external payable returns (uint256 ticket) {
        Round storage round = _openRound(number);
        ticket = round.tickets.length;
        require(block.number <= round.closeBlock, SalesClosed());
        require(verifier.isActive(round.keyHash), KeyNotActive());
        require(ticket < round.maxTickets, SoldOut());
        require(msg.value == round.ticketPrice, WrongPrice(round.ticketPrice));
        round.tickets.push(msg.sender);
        round.participants = keccak256(abi.encode(round.participants, msg.sender));
        emit TicketBought(number, ticket, msg.sender);
    }

    /// @notice Stores the hash that completes alpha. Anyone may call it, once the block is over.
    function storeHash(uint256 number) external {
        Round storage round = _openRound(number);
        require(block.number <= _deadline(round), TooLate());
        require(round.blockHash == 0, HashAlreadyStored());
        round.blockHash = BlockHash.read(round.closeBlock + HASH_DELAY);
        emit HashStored(number, round.blockHash);
    }

    /// @notice Returns the input to ask the node for, bound to this contract, round, tickets and block.
    /// @dev Its first bytes are a fixed tag, so that it never begins with "r4/", which the node refuses.
    function alphaOf(uint256 number) public view returns (bytes memory alpha) {
        Round storage round = _rounds[number];
        require(round.blockHash != 0, HashNotStored());
        bytes32 hash = keccak256(abi.encode(block.chainid, this, number, round.participants, round.blockHash));
        return abi.encodePacked("R4Lottery/v1:", hash);
    }

    /// @notice Draws the winner. Anyone may bring the receipt; there is only one output that passes.
    /// @dev Of 2²⁵⁶ outputs, a ticket wins with ⌊2²⁵⁶ / n⌋ or one more: it differs by less than n / 2²⁵⁶.
    function draw(
        uint256 number,
        Receipt calldata receipt,
        bytes calldata signature,
        bytes calldata publicKey,
        bytes calldata proof
    ) external {
        Round storage round = _openRound(number);
        uint256 sold = round.tickets.length;
        require(block.number <= _deadline(round), TooLate());
        require(sold != 0, NoTickets());
        require(receipt.keyHash == round.keyHash, WrongKey());
        bytes32 random = verifier.verifyFull(receipt, signature, publicKey, alphaOf(number), proof);

        uint256 ticket = uint256(random) % sold;
        address winner = round.tickets[ticket];
        round.state = State.Drawn;
        owed[winner] += sold * round.ticketPrice;
        owed[round.operator] += round.bond;
        emit Drawn(number, ticket, winner);
    }

    /// @notice Ends a round that was not drawn in time. Anyone may call it.
    function fail(uint256 number) external {
        Round storage round = _openRound(number);
        require(block.number > _deadline(round), NotYetFailed());
        round.state = State.Failed;
        if (round.tickets.length == 0) owed[round.operator] += round.bond;
        emit Failed(number);
    }

    /// @notice Pays one ticket of a failed round: its price and its part of the bond, at least the pot
    /// together. Anyone may call it.
    function claim(uint256 number, uint256 ticket) external {
        Round storage round = _rounds[number];
        require(round.state == State.Failed, WrongState(round.state));
        address player = round.tickets[ticket];
        require(player != address(0), TicketPaid());
        round.tickets[ticket] = address(0);
        owed[player] += round.ticketPrice + round.bond / round.tickets.length;
    }

    /// @notice Sends you what you are owed.
    function withdraw() external {
        uint256 amount = owed[msg.sender];
        owed[msg.sender] = 0;
        Address.sendValue(payable(msg.sender), amount);
    }

    /// @notice Returns the bond in wei that pays the whole pot to every ticket, less the prices of the tickets.
    function bondFor(uint256 ticketPrice, uint256 maxTickets) public pure returns (uint256 bond) {
        return maxTickets == 0 ? 0 : (maxTickets - 1) * maxTickets * ticketPrice;
    }

    /// @notice Returns all about a round.
    function roundOf(uint256 number) external view returns (Round memory round) {
        return _rounds[number];
    }

    function _openRound(uint256 number) private view returns (Round storage round) {
        round = _rounds[number];
        require(round.state == State.Open, WrongState(round.state));
    }

    function _deadline(Round storage round) private view returns (uint256) {
        return round.closeBlock + HASH_DELAY + DRAW_BLOCKS;
    }
}
