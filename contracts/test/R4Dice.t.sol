// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {BlockHash} from "../examples/BlockHash.sol";
import {R4Dice} from "../examples/R4Dice.sol";
import {R4ReceiptVerifier} from "../src/R4ReceiptVerifier.sol";
import {Answer, Base} from "./Base.sol";
import {History} from "./History.sol";
import {vm} from "./Vm.sol";

/// The dice game, and the ways to cheat in it.
contract R4DiceTest is Base {
    uint256 internal constant BET_BLOCK = 1000;
    uint256 internal constant HASH_BLOCK = BET_BLOCK + 4;
    uint256 internal constant DEADLINE = HASH_BLOCK + 7200;
    uint256 internal constant STAKE = 1 ether;
    uint256 internal constant FUNDS = 10 ether;
    address internal constant PLAYER = address(0xA11CE);

    R4Dice internal dice;
    uint256 internal bet;

    function setUp() public override {
        super.setUp();
        vm.roll(BET_BLOCK);
        vm.deal(address(this), FUNDS);
        dice = new R4Dice{value: FUNDS}(verifier, keyHash);
        bet = play(3);
    }

    receive() external payable {}

    function test_PaysWinsAndKeepsLosses() public {
        uint256 wins;
        uint256 losses;
        for (uint256 seed = 0; wins == 0 || losses == 0; ++seed) {
            setUp();
            storeHash(keccak256(abi.encode(seed)));
            Answer memory answer = answerTo(dice.alphaOf(bet));
            settle(bet, answer);
            if (1 + uint256(answer.receipt.random) % 6 == 3) {
                ++wins;
                vm.assertEq(dice.owed(PLAYER), 5 * STAKE);
                vm.assertEq(dice.funds(), FUNDS - 4 * STAKE);
                withdrawAll();
            } else {
                ++losses;
                vm.assertEq(dice.owed(PLAYER), 0);
                vm.assertEq(dice.funds(), FUNDS + STAKE);
            }
            vm.assertEq(address(dice).balance, dice.funds());
        }
    }

    function test_AlphaBeginsWithItsTagAndIsBoundToEverything() public {
        storeHash(HASH);
        bytes32 hash = keccak256(abi.encode(block.chainid, address(dice), bet, PLAYER, uint8(3), HASH));
        vm.assertEq(dice.alphaOf(bet), bytes.concat("R4Dice/v1:", hash));
    }

    // Bets and funds.

    function test_RefusesFacesThatADieHasNot() public {
        bytes memory refused = abi.encodeWithSelector(R4Dice.NoSuchFace.selector);
        vm.expectRevert(refused);
        dice.bet(0);
        vm.expectRevert(refused);
        dice.bet(7);
    }

    function test_RefusesBetThatTheHouseCannotPay() public {
        vm.deal(PLAYER, 2 ether);
        vm.prank(PLAYER);
        vm.expectRevert(abi.encodeWithSelector(R4Dice.HouseTooPoor.selector, 6 ether));
        dice.bet{value: 1.5 ether + 1}(1);
        vm.prank(PLAYER);
        dice.bet{value: 1.5 ether}(1);
        vm.assertEq(dice.funds(), 0);
    }

    function test_RefusesBetWhoseKeyCannotAnswer() public {
        verifier.retireKey(keyHash);
        vm.expectRevert(abi.encodeWithSelector(R4Dice.KeyNotActive.selector));
        dice.bet(1);
    }

    function test_HouseCannotTakeWhatABetNeeds() public {
        vm.expectRevert(abi.encodeWithSelector(R4Dice.HouseTooPoor.selector, 6 ether));
        dice.unfund(6 ether + 1);
        vm.prank(PLAYER);
        vm.expectRevert(abi.encodeWithSelector(R4Dice.NotTheHouse.selector));
        dice.unfund(1);
        dice.unfund(6 ether);
        dice.withdraw();
        vm.assertEq(address(dice).balance, 5 * STAKE);
        dice.fund{value: 1 ether}();
        vm.assertEq(dice.funds(), 1 ether);
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
        dice.storeHash(bet);
        (,,,, bytes32 stored) = dice.betOf(bet);
        vm.assertEq(stored, keccak256(abi.encode(HASH_BLOCK)));
    }

    function test_RefusesSecondHash() public {
        storeHash(HASH);
        expectNoHash(abi.encodeWithSelector(R4Dice.HashAlreadyStored.selector));
    }

    function test_RefusesHashAfterTheDeadline() public {
        vm.roll(DEADLINE + 1);
        History.install(HASH_BLOCK, HASH);
        expectNoHash(abi.encodeWithSelector(R4Dice.TooLate.selector));
        vm.roll(DEADLINE);
        dice.storeHash(bet);
    }

    // The settlement.

    function test_RefusesSettlementBeforeTheHash() public {
        expectRefused(bet, answerTo("R4Dice/v1:"), abi.encodeWithSelector(R4Dice.HashNotStored.selector));
    }

    function test_RefusesSecondRoll() public {
        storeHash(HASH);
        Answer memory answer = answerTo(dice.alphaOf(bet));
        settle(bet, answer);
        bytes memory over = abi.encodeWithSelector(R4Dice.NoSuchBet.selector);
        expectRefused(bet, answer, over);
        expectNoHash(over);
        vm.roll(DEADLINE + 1);
        vm.expectRevert(over);
        dice.fail(bet);
    }

    function test_RefusesReceiptOfAnotherBet() public {
        uint256 other = play(3);
        storeHash(HASH);
        dice.storeHash(other);
        Answer memory answer = answerTo(dice.alphaOf(bet));
        expectRefused(other, answer, abi.encodeWithSelector(R4ReceiptVerifier.WrongAlpha.selector));
    }

    function test_RefusesReceiptOfAnotherKey() public {
        uint256 secret = uint256(keccak256("another ECDSA key"));
        bytes memory ecvrf = answerTo("").publicKey;
        bytes32 other = verifier.addKey(ecvrf, ecdsaKey(secret), MLDSA65_SHA256, ECVRF_EVM_SHA256);
        vm.warp(NOW + 2 days);
        storeHash(HASH);
        Answer memory answer = answerTo(dice.alphaOf(bet));
        answer.receipt.keyHash = other;
        answer.signature = signWith(secret, answer.receipt);
        verifyFull(answer);
        expectRefused(bet, answer, abi.encodeWithSelector(R4Dice.WrongKey.selector));
    }

    function test_RefusesRandomThatTheOperatorLikes() public {
        storeHash(HASH);
        Answer memory answer = answerTo(dice.alphaOf(bet));
        bytes32 beta = answer.receipt.random;
        answer.receipt.random = bytes32(0);
        answer.signature = sign(answer.receipt);
        expectRefused(bet, answer, abi.encodeWithSelector(R4ReceiptVerifier.WrongRandom.selector, beta));
    }

    function test_RefusesLateReceipt() public {
        storeHash(HASH);
        Answer memory answer = answerTo(dice.alphaOf(bet));
        vm.roll(DEADLINE + 1);
        expectRefused(bet, answer, abi.encodeWithSelector(R4Dice.TooLate.selector));
        vm.roll(DEADLINE);
        settle(bet, answer);
    }

    // The failure.

    function test_PlayerWinsWithoutAnAnswer() public {
        vm.roll(DEADLINE);
        vm.expectRevert(abi.encodeWithSelector(R4Dice.NotYetFailed.selector));
        dice.fail(bet);
        vm.roll(DEADLINE + 1);
        dice.fail(bet);
        vm.assertEq(dice.owed(PLAYER), 5 * STAKE);
        bytes memory over = abi.encodeWithSelector(R4Dice.NoSuchBet.selector);
        vm.expectRevert(over);
        dice.fail(bet);
        withdrawAll();
    }

    function test_FailedBetIsNeverRolled() public {
        storeHash(HASH);
        Answer memory answer = answerTo(dice.alphaOf(bet));
        vm.roll(DEADLINE + 1);
        dice.fail(bet);
        expectRefused(bet, answer, abi.encodeWithSelector(R4Dice.NoSuchBet.selector));
    }

    bytes32 internal constant HASH = keccak256("the hash that nobody knew before");

    function play(uint8 face) internal returns (uint256) {
        vm.deal(PLAYER, STAKE);
        vm.prank(PLAYER);
        return dice.bet{value: STAKE}(face);
    }

    function storeHash(bytes32 hash) internal {
        vm.roll(HASH_BLOCK + 1);
        vm.setBlockhash(HASH_BLOCK, hash);
        dice.storeHash(bet);
    }

    function settle(uint256 number, Answer memory answer) internal {
        dice.settle(number, answer.receipt, answer.signature, answer.publicKey, answer.proof);
    }

    function withdrawAll() internal {
        uint256 before = PLAYER.balance;
        vm.prank(PLAYER);
        dice.withdraw();
        vm.assertEq(PLAYER.balance, before + 5 * STAKE);
        vm.assertEq(dice.owed(PLAYER), 0);
    }

    function expectNoHash(bytes memory reason) internal {
        vm.expectRevert(reason);
        dice.storeHash(bet);
    }

    function expectRefused(uint256 number, Answer memory answer, bytes memory reason) internal {
        vm.expectRevert(reason);
        settle(number, answer);
    }
}
