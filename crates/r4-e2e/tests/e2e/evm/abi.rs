//! The contracts' interfaces, as far as the tests use them.

use alloy_sol_types::sol;

sol! {
    #[derive(Debug)]
    struct R4Receipt {
        bytes32 keyHash;
        uint64 index;
        bytes32 alphaHash;
        bytes32 random;
        uint64 timestamp;
        uint8 schemes;
    }

    function verifyAttested(R4Receipt receipt, bytes signature) view returns (address signer);
    function verifyFull(R4Receipt receipt, bytes signature, bytes publicKey, bytes alpha, bytes proof)
        view returns (bytes32 random);
    function consumeFull(R4Receipt receipt, bytes signature, bytes publicKey, bytes alpha, bytes proof)
        returns (bytes32 random);
    function hashReceipt(R4Receipt receipt) view returns (bytes32 digest);
    function addKey(bytes ecvrf, bytes ecdsa, bytes32 mldsa65Sha256, bytes32 ecvrfEvmSha256)
        returns (bytes32 keyHash);
    function retireKey(bytes32 keyHash);
    function isActive(bytes32 keyHash) view returns (bool active);
    function revokeKey(bytes32 keyHash);

    interface Lottery {
        function open(bytes32 keyHash, uint256 ticketPrice, uint256 maxTickets, uint256 closeBlock)
            payable returns (uint256 number);
        function buy(uint256 number) payable returns (uint256 ticket);
        function storeHash(uint256 number);
        function alphaOf(uint256 number) view returns (bytes alpha);
        function draw(uint256 number, R4Receipt receipt, bytes signature, bytes publicKey, bytes proof);
        function owed(address account) view returns (uint256 amount);
        error WrongState(uint8 state);
        error WrongAlpha();
    }

    interface Dice {
        function bet(uint8 face) payable returns (uint256 number);
        function storeHash(uint256 number);
        function alphaOf(uint256 number) view returns (bytes alpha);
        function settle(uint256 number, R4Receipt receipt, bytes signature, bytes publicKey, bytes proof);
        function owed(address account) view returns (uint256 amount);
        function fund() payable;
        function funds() view returns (uint256 amount);
        error NoSuchBet();
    }
}
