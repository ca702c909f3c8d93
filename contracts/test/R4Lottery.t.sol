// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {BlockHash} from "../examples/BlockHash.sol";
import {R4Lottery} from "../examples/R4Lottery.sol";
import {R4ReceiptVerifier} from "../src/R4ReceiptVerifier.sol";
import {Answer, Base} from "./Base.sol";
import {History} from "./History.sol";
import {vm} from "./Vm.sol";

/// The lottery, and the ways to cheat in it.
contract R4LotteryTest is Base {
    uint256 internal constant CLOSE = 1000;
    uint256 internal constant HASH_BLOCK = CLOSE + 4;
    uint256 internal constant DEADLINE = HASH_BLOCK + 7200;
    uint256 internal constant PRICE = 1 ether;
    uint256 internal constant TICKETS = 4;
    uint256 internal constant BOND = 12 ether;
    bytes32 internal constant HASH = keccak256("the hash that nobody knew before");
    address internal constant OPERATOR = address(0x0901);
    address internal constant ALICE = address(0xA11CE);
    address internal constant BOB = address(0xB0B);

    R4Lottery internal lottery;
    uint256 internal round;

    function setUp() public override {
        super.setUp();
        vm.roll(CLOSE - 10);
        lottery = new R4Lottery(verifier);
        round = openRound();
        buy(ALICE);
        buy(BOB);
        buy(BOB);
    }

    function test_OneTicketTakesThePot() public {
        Answer memory answer = answerOfTheNode();
        address[3] memory players = [ALICE, BOB, BOB];
        address winner = players[uint256(answer.receipt.random) % 3];
        draw(round, answer);
        vm.assertEq(lottery.owed(winner), 3 * PRICE);
        vm.assertEq(lottery.owed(OPERATOR), BOND);
        withdraw(winner, 3 * PRICE);
        withdraw(OPERATOR, BOND);
        vm.assertEq(address(lottery).balance, 0);
    }

    function test_AlphaBeginsWithItsTagAndIsBoundToEverything() public {
        storeHash();
        bytes32 participants = keccak256(abi.encode(bytes32(0), ALICE));
        participants = keccak256(abi.encode(participants, BOB));
        participants = keccak256(abi.encode(participants, BOB));
        bytes32 hash = keccak256(abi.encode(block.chainid, address(lottery), round, participants, HASH));
        vm.assertEq(lottery.alphaOf(round), bytes.concat("R4Lottery/v1:", hash));
    }

    // Tickets.

    function test_RefusesTicketAfterTheClose() public {
        vm.roll(CLOSE);
        buy(ALICE);
        vm.roll(CLOSE + 1);
        expectBuyRefused(round, PRICE, abi.encodeWithSelector(R4Lottery.SalesClosed.selector));
    }

    function test_RefusesTicketOfARoundThatIsOver() public {
        draw(round, answerOfTheNode());
        expectBuyRefused(round, PRICE, wrongState(R4Lottery.State.Drawn));
        expectBuyRefused(round + 1, PRICE, wrongState(R4Lottery.State.None));
    }

    function test_RefusesTicketsBeyondTheBond() public {
        buy(ALICE);
        expectBuyRefused(round, PRICE, abi.encodeWithSelector(R4Lottery.SoldOut.selector));
    }

    function test_RefusesAnotherPrice() public {
        bytes memory wrong = abi.encodeWithSelector(R4Lottery.WrongPrice.selector, PRICE);
        expectBuyRefused(round, PRICE - 1, wrong);
        expectBuyRefused(round, PRICE + 1, wrong);
    }

    // Rounds.

    function test_RefusesRoundWithTooSmallABond() public {
        vm.deal(OPERATOR, BOND);
        vm.prank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(R4Lottery.BondTooSmall.selector, BOND));
        lottery.open{value: BOND - 1}(keyHash, PRICE, TICKETS, CLOSE);
    }

    function test_RefusesRoundThatClosesInThePastOrNever() public {
        bytes memory refused = abi.encodeWithSelector(R4Lottery.CloseBlockOutOfRange.selector);
        vm.expectRevert(refused);
        lottery.open(keyHash, 0, 0, block.number - 1);
        vm.expectRevert(refused);
        lottery.open(keyHash, 0, 0, block.number + 216_001);
        lottery.open(keyHash, 0, 0, block.number + 216_000);
    }

    function test_RefusesKeyThatCannotAnswer() public {
        bytes memory refused = abi.encodeWithSelector(R4Lottery.KeyNotActive.selector);
        vm.expectRevert(refused);
        lottery.open(keccak256("no key"), 0, 0, CLOSE);
        verifier.retireKey(keyHash);
        vm.expectRevert(refused);
        lottery.open(keyHash, 0, 0, CLOSE);
        expectBuyRefused(round, PRICE, refused);
    }

    // The hash.

    function test_RefusesHashBeforeItsBlockIsOver() public {
        vm.roll(HASH_BLOCK);
        expectNoHash(abi.encodeWithSelector(BlockHash.BlockHashUnavailable.selector, HASH_BLOCK));
    }

    function test_HashIsOfTheNamedBlockAlone() public {
        vm.roll(HASH_BLOCK + 50);
        for (uint256 number = HASH_BLOCK - 10; number < HASH_BLOCK + 50; ++number) {
            vm.setBlockhash(number, keccak256(abi.encode(number)));
        }
        lottery.storeHash(round);
        vm.assertEq(lottery.roundOf(round).blockHash, keccak256(abi.encode(HASH_BLOCK)));
    }

    function test_RefusesSecondHash() public {
        storeHash();
        vm.setBlockhash(HASH_BLOCK, keccak256("another chain of blocks"));
        expectNoHash(abi.encodeWithSelector(R4Lottery.HashAlreadyStored.selector));
        vm.assertEq(lottery.roundOf(round).blockHash, HASH);
    }

    function test_ReadsOldHashFromTheHistoryContract() public {
        vm.roll(DEADLINE);
        History.install(HASH_BLOCK, HASH);
        lottery.storeHash(round);
        vm.assertEq(lottery.roundOf(round).blockHash, HASH);
    }

    function test_RefusesOldHashWithoutTheHistoryContract() public {
        History.remove();
        vm.roll(HASH_BLOCK + 257);
        expectNoHash(abi.encodeWithSelector(BlockHash.BlockHashUnavailable.selector, HASH_BLOCK));
    }

    function test_RefusesHashAfterTheDeadline() public {
        vm.roll(DEADLINE + 1);
        History.install(HASH_BLOCK, HASH);
        expectNoHash(abi.encodeWithSelector(R4Lottery.TooLate.selector));
    }

    // The draw.

    function test_RefusesDrawBeforeTheHash() public {
        Answer memory answer = answerTo("R4Lottery/v1:");
        expectDrawRefused(round, answer, abi.encodeWithSelector(R4Lottery.HashNotStored.selector));
    }

    function test_RefusesSecondDraw() public {
        Answer memory answer = answerOfTheNode();
        draw(round, answer);
        expectDrawRefused(round, answer, wrongState(R4Lottery.State.Drawn));
        vm.roll(DEADLINE + 1);
        vm.expectRevert(wrongState(R4Lottery.State.Drawn));
        lottery.fail(round);
    }

    function test_RefusesReceiptOfAnotherRound() public {
        Answer memory answer = answerOfTheNode();
        vm.roll(CLOSE - 1);
        round = openRound();
        buy(ALICE);
        buy(BOB);
        buy(BOB);
        storeHash();
        expectDrawRefused(round, answer, abi.encodeWithSelector(R4ReceiptVerifier.WrongAlpha.selector));
    }

    function test_RefusesReceiptOfAnotherLottery() public {
        Answer memory answer = answerOfTheNode();
        vm.roll(CLOSE - 10);
        lottery = new R4Lottery(verifier);
        openRound();
        buy(ALICE);
        buy(BOB);
        buy(BOB);
        storeHash();
        expectDrawRefused(round, answer, abi.encodeWithSelector(R4ReceiptVerifier.WrongAlpha.selector));
    }

    function test_RefusesReceiptOfAnotherKey() public {
        uint256 secret = uint256(keccak256("another ECDSA key"));
        bytes memory ecvrf = answerTo("").publicKey;
        bytes32 other = verifier.addKey(ecvrf, ecdsaKey(secret), MLDSA65_SHA256, ECVRF_EVM_SHA256);
        vm.warp(NOW + 2 days);
        Answer memory answer = answerOfTheNode();
        answer.receipt.keyHash = other;
        answer.signature = signWith(secret, answer.receipt);
        verifyFull(answer);
        expectDrawRefused(round, answer, abi.encodeWithSelector(R4Lottery.WrongKey.selector));
    }

    function test_RefusesRandomThatTheOperatorLikes() public {
        Answer memory answer = answerOfTheNode();
        bytes32 beta = answer.receipt.random;
        answer.receipt.random = bytes32(0);
        answer.signature = sign(answer.receipt);
        expectDrawRefused(round, answer, abi.encodeWithSelector(R4ReceiptVerifier.WrongRandom.selector, beta));
    }

    function test_RefusesLateReceipt() public {
        storeHash();
        vm.roll(DEADLINE + 1);
        expectDrawRefused(round, answerTo(lottery.alphaOf(round)), abi.encodeWithSelector(R4Lottery.TooLate.selector));
        vm.roll(DEADLINE);
        draw(round, answerTo(lottery.alphaOf(round)));
    }

    // The failure.

    function test_FailedRoundPaysEveryTicketAsTheWinner() public {
        expectNotFailed(NOT_YET);
        vm.roll(DEADLINE + 1);
        lottery.fail(round);
        for (uint256 ticket = 0; ticket < 3; ++ticket) {
            lottery.claim(round, ticket);
        }
        vm.assertEq(lottery.owed(ALICE), PRICE + BOND / 3);
        vm.assertEq(lottery.owed(BOB), 2 * (PRICE + BOND / 3));
        vm.assertLe(3 * PRICE, lottery.owed(ALICE), "a ticket is worth the pot");
        vm.assertEq(lottery.owed(OPERATOR), 0);
        withdraw(ALICE, PRICE + BOND / 3);
        withdraw(BOB, 2 * (PRICE + BOND / 3));
        vm.assertEq(address(lottery).balance, 0);
    }

    function test_FailedRoundIsNeverDrawn() public {
        storeHash();
        Answer memory answer = answerTo(lottery.alphaOf(round));
        vm.roll(DEADLINE + 1);
        lottery.fail(round);
        expectDrawRefused(round, answer, wrongState(R4Lottery.State.Failed));
        expectNotFailed(wrongState(R4Lottery.State.Failed));
    }

    function test_RefusesSecondClaim() public {
        vm.expectRevert(wrongState(R4Lottery.State.Open));
        lottery.claim(round, 0);
        vm.roll(DEADLINE + 1);
        lottery.fail(round);
        lottery.claim(round, 0);
        vm.expectRevert(abi.encodeWithSelector(R4Lottery.TicketPaid.selector));
        lottery.claim(round, 0);
    }

    function test_HoldingBackNeverPays() public {
        // Full of tickets, of which the operator holds all but one and has lost: it would get nothing either way.
        buy(BOB);
        vm.roll(DEADLINE + 1);
        lottery.fail(round);
        for (uint256 ticket = 0; ticket < TICKETS; ++ticket) {
            lottery.claim(round, ticket);
        }
        vm.assertLe(lottery.owed(BOB), BOND, "what its tickets get is what it lost");
    }

    function test_RoundWithoutTicketsGivesTheBondBack() public {
        uint256 empty = openRound();
        vm.roll(HASH_BLOCK + 1);
        vm.setBlockhash(HASH_BLOCK, HASH);
        lottery.storeHash(empty);
        expectDrawRefused(empty, answerTo(lottery.alphaOf(empty)), abi.encodeWithSelector(R4Lottery.NoTickets.selector));
        vm.roll(DEADLINE + 1);
        lottery.fail(empty);
        vm.assertEq(lottery.owed(OPERATOR), BOND);
    }

    function test_WithdrawalCannotBeEnteredTwice() public {
        Greedy greedy = new Greedy(lottery);
        vm.deal(address(greedy), PRICE);
        greedy.buy(round);
        vm.roll(DEADLINE + 1);
        lottery.fail(round);
        lottery.claim(round, 3);
        greedy.take();
        vm.assertEq(address(greedy).balance, PRICE + BOND / 4);
    }

    bytes internal constant NOT_YET = abi.encodePacked(R4Lottery.NotYetFailed.selector);

    function openRound() internal returns (uint256) {
        vm.deal(OPERATOR, BOND);
        vm.prank(OPERATOR);
        return lottery.open{value: BOND}(keyHash, PRICE, TICKETS, CLOSE);
    }

    function buy(address player) internal {
        vm.deal(player, PRICE);
        vm.prank(player);
        lottery.buy{value: PRICE}(round);
    }

    function storeHash() internal {
        vm.roll(HASH_BLOCK + 1);
        vm.setBlockhash(HASH_BLOCK, HASH);
        lottery.storeHash(round);
    }

    function answerOfTheNode() internal returns (Answer memory) {
        storeHash();
        return answerTo(lottery.alphaOf(round));
    }

    function draw(uint256 number, Answer memory answer) internal {
        lottery.draw(number, answer.receipt, answer.signature, answer.publicKey, answer.proof);
    }

    function withdraw(address account, uint256 amount) internal {
        uint256 before = account.balance;
        vm.prank(account);
        lottery.withdraw();
        vm.assertEq(account.balance, before + amount);
        vm.assertEq(lottery.owed(account), 0);
    }

    function wrongState(R4Lottery.State state) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(R4Lottery.WrongState.selector, state);
    }

    function expectBuyRefused(uint256 number, uint256 price, bytes memory reason) internal {
        vm.deal(ALICE, price);
        vm.prank(ALICE);
        vm.expectRevert(reason);
        lottery.buy{value: price}(number);
    }

    function expectNoHash(bytes memory reason) internal {
        vm.expectRevert(reason);
        lottery.storeHash(round);
    }

    function expectNotFailed(bytes memory reason) internal {
        vm.expectRevert(reason);
        lottery.fail(round);
    }

    function expectDrawRefused(uint256 number, Answer memory answer, bytes memory reason) internal {
        vm.expectRevert(reason);
        draw(number, answer);
    }
}

/// A player that asks for its money again while it gets it.
contract Greedy {
    R4Lottery internal immutable lottery;

    constructor(R4Lottery lottery_) {
        lottery = lottery_;
    }

    function buy(uint256 round) external {
        lottery.buy{value: lottery.roundOf(round).ticketPrice}(round);
    }

    function take() external {
        lottery.withdraw();
    }

    receive() external payable {
        if (address(this).balance < 8 ether && msg.value > 0) lottery.withdraw();
    }
}
