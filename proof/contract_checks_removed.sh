#!/usr/bin/env bash
# Shows that the tests of the contracts test something: makes one change at a time in a copy of the
# contracts, mostly a check taken out, runs the tests, and prints which then fail. A change after which
# none fails is an error, unless it is named below as one that no test can see, with the reason.
# Some seven minutes on two cores. Usage: proof/contract_checks_removed.sh >proof/contract_checks_removed.md
# shellcheck disable=SC2016  # backquotes are for Markdown, and other shells read the rest
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

ecvrf=src/R4Ecvrf.sol
receipts=src/R4ReceiptVerifier.sol
oz=node_modules/@openzeppelin/contracts/utils/cryptography
lottery=examples/R4Lottery.sol
dice=examples/R4Dice.sol

# change WHAT FILE [TEXT REPLACEMENT]...: each TEXT must stand in FILE of contracts/ exactly once.
change() {
  local what=$1 file=$2 folder
  number=$((number + 1))
  folder=$work/$(printf %03d "$number")
  shift 2
  mkdir -p "$folder/contracts/$(dirname "$file")" "$folder/artifacts"
  cp -r contracts/src contracts/examples "$folder/contracts"
  printf '%s\n' "$what" >"$folder/what"
  printf '%s\n' "$file" >"$folder/file"
  python3 - "contracts/$file" "$folder/contracts/$file" "$@" <<'PYTHON'
import pathlib, sys
path, copy, *edits = sys.argv[1:]
source = pathlib.Path(path).read_text()
for text, replacement in zip(edits[::2], edits[1::2], strict=True):
    if source.count(text) != 1:
        sys.exit(f"{path} does not have this text exactly once: {text}")
    source = source.replace(text, replacement)
pathlib.Path(copy).write_text(source)
PYTHON
}

# no_test_sees REASON WHAT FILE [TEXT REPLACEMENT]...: a change after which every test must pass.
no_test_sees() {
  local reason=$1
  shift
  change "$@"
  printf '%s\n' "$reason" >"$work/$(printf %03d "$number")/reason"
}

# Runs the tests of one changed copy, and writes the names of those that fail. Of src/, only the contract that
# the change is about is compiled, and only its tests are run.
run() {
  local folder=$1
  case $(cat "$folder/file") in
    examples/R4Dice.sol) run_forge "$folder" R4Dice ;;
    examples/*) run_forge "$folder" R4Lottery ;;
    src/R4Ecvrf.sol) run_revm "$folder" R4ReceiptVerifier evm::ecvrf ;;
    *) run_revm "$folder" R4EcvrfVerifier evm::receipts evm::documents ;;
  esac
}

# run_revm FOLDER UNUSED TEST...: without what needs a node, and without the slow ones, which aim at no check.
run_revm() {
  local folder=$1
  rm -r "$folder/contracts/examples" "$folder/contracts/src/$2.sol"
  node --liftoff-only contracts/scripts/build.mjs --sources "$folder/contracts" --out "$folder/artifacts" >"$folder/log" 2>&1 || return
  (cd crates/r4-e2e && R4_CONTRACT_ARTIFACTS=$folder/artifacts "$test_binary" "${@:3}" \
    --skip fresh_receipts_of_a_node --skip flipped_bit --skip no_gas_limit) >>"$folder/log" 2>&1
  finished "$?" "$folder" 's/^test evm::\(.*\) \.\.\. FAILED$/`\1`/p'
}

# run_forge FOLDER CONTRACT: the tests of an example, by forge; without optimizers it is done sooner.
run_forge() {
  local folder=$1
  cp -r contracts/test contracts/scripts contracts/foundry.toml "$folder/contracts"
  sed -i '1s/.*/#!\/usr\/bin\/env -S node --liftoff-only/' "$folder/contracts/scripts/solc"
  ln -s "$here/contracts/node_modules" "$folder/contracts/node_modules"
  (cd "$folder/contracts" && FOUNDRY_OPTIMIZER=false node_modules/.bin/forge test --match-path "test/$2.t.sol") \
    >"$folder/log" 2>&1
  finished "$?" "$folder" 's/^\[FAIL.*\] test_\([A-Za-z]*\)(.*/`\1`/p'
}

# finished STATUS FOLDER PATTERN: tests ran, and some of them failed if and only if the status says so.
finished() {
  local status=$1 folder=$2 names
  names=$(sed -n "$3" "$folder/log" | sort -u | paste -sd ' ')
  printf '%s' "$names" >"$folder/failing"
  grep -q ' passed; ' "$folder/log" || return
  if [ "$status" = 0 ]; then [ -z "$names" ]; else [ -n "$names" ]; fi
}

# row FOLDER: prints the table's row, or says what is wrong.
row() {
  local folder=$1 what names
  what=$(cat "$folder/what")
  [ -e "$folder/done" ] || { tail -n 40 "$folder/log" >&2; complain "$what: no result"; return 1; }
  names=$(cat "$folder/failing")
  if [ -e "$folder/reason" ]; then
    [ -z "$names" ] || { complain "$what: not so unseen: $names"; return 1; }
    names="none can: $(cat "$folder/reason")"
  fi
  [ -n "$names" ] || { complain "$what: no test fails without it"; return 1; }
  printf '| %s | `%s` | %s |\n' "$what" "$(basename "$(cat "$folder/file")")" "${names// \`/, \`}"
}

complain() {
  printf 'contract_checks_removed: %s\n' "$1" >&2
}

# on_curve POINT: whether the hint is any point of the curve.
on_curve() {
  local x="load(free + $1)" y="load(free + $1 + 32)"
  printf '%s' "mulmod($y, $y, P) == addmod(mulmod(mulmod($x, $x, P), $x, P), 7, P)"
}

# comparison NAME POINT ERROR CALL: takes out that a hint is the recovered point, or lets any point of the curve pass.
comparison() {
  local text="require($4 == addressOf(free + $2), $3());"
  change "$1 is the recovered point" "$ecvrf" "$text" "require(true || $4 == addressOf(free + $2), $3());"
  change "$1 is the recovered point, not just any of the curve" "$ecvrf" \
    "$text" "require($4 != type(uint256).max && $(on_curve "$2"), $3());"
}

change "(nothing)" $ecvrf
change "(nothing)" $receipts
change "(nothing)" $lottery
change "(nothing)" $dice
controls=$number

change "the key has 33 bytes" $ecvrf "require(publicKey.length == 33" "require(true || publicKey.length == 33"
change "the proof has 305 bytes and at most 255 w" $ecvrf "WITNESS_LENGTHS = 255 * 32" "WITNESS_LENGTHS = type(uint256).max << 5"
change "each w has 32 bytes" $ecvrf "WITNESS_LENGTHS = 255 * 32" "WITNESS_LENGTHS = 256 * 32 - 1"
change "every w shows that its counter leads to no point" $ecvrf "require(residues == 0" "require(true || residues == 0"
change "… every w, not just the last" $ecvrf "or(residues, mul(inField" "add(0, mul(inField"
change "a skipped hash ≥ p needs no w" $ecvrf "let inField := lt(x, P)" "let inField := 1"
change "… and none is taken for it" $ecvrf "shl(5, inField)" "32"
change "… nor looked at" $ecvrf "mul(inField, addmod" "mul(1, addmod"
change "a hash ≥ p is not H" $ecvrf "if lt(x, P) { break }" "if or(1, lt(x, P)) { break }"
change "a counter is left" $ecvrf "require(counter < 256" "require(true || counter < 256"
change "SHA-256 of a counter did not run out of gas" $ecvrf "require(hashed" "require(true || hashed"
no_test_sees "SHA-256 of 168 bytes fails with less than 135 gas, of which 2 are left: then nothing returns anyway" \
  "SHA-256 of the challenge did not run out of gas" $ecvrf "require(done" "require(true || done"
change "ecrecover that fails gives no address" $ecvrf "            mstore(0x00, not(0))
" ""
change "s < n" $ecvrf "require(s < N" "require(true || s < N"
change "the tag of Γ is 2 or 3" $ecvrf "(word(proof, 0) >> 248) + 25" "27 + ((word(proof, 0) >> 248) & 1)"
change "the tag of Y is 2 or 3" $ecvrf "(word(publicKey, 0) >> 248) + 25" "27 + ((word(publicKey, 0) >> 248) & 1)"
comparison A MEMORY_A WrongH "recover(free, 0, 27, h, mulmod(s, h, N))"
comparison B MEMORY_B WrongGamma "recover(free, 0, v, gamma, r)"
comparison U MEMORY_U WrongU "recover(free, N - mulmod(s, y, N), v, y, r)"
change "U is on the curve" $ecvrf "require(mulmod(uy, uy, P) ==" "require(true || mulmod(uy, uy, P) =="
change "A and B differ in x" $ecvrf "ax != bx && " ""
change "lambda is the slope" $ecvrf "&& mulmod(lambda, addmod(ax, P - bx, P), P) == rise" \
  "&& (true || mulmod(lambda, addmod(ax, P - bx, P), P) == rise)"
change "c is the challenge" $ecvrf "require(sha(message, 168) >> 128 ==" "require(true || sha(message, 168) >> 128 =="

change "s in the lower half" $oz/ECDSA.sol "if (uint256(s) > 0x7FFF" "if (false && uint256(s) > 0x7FFF"
change "recovery of the zero address" $oz/ECDSA.sol "if (signer == address(0))" "if (false && signer == address(0))"
change "65 bytes" $oz/ECDSA.sol "bytes calldata signature
    ) internal pure returns (address recovered, RecoverError err, bytes32 errArg) {
        if (signature.length == 65)" "bytes calldata signature
    ) internal pure returns (address recovered, RecoverError err, bytes32 errArg) {
        if (true || signature.length == 65)"
change "the domain has the chain's id" $oz/EIP712.sol "_hashedVersion, block.chainid" "_hashedVersion, uint256(1)"
change "… the present one" $oz/EIP712.sol " && block.chainid == _cachedChainId" " && _cachedChainId != 0"
change "the domain has the contract" $oz/EIP712.sol "block.chainid, address(this)));" "block.chainid, address(0)));"
change "there is a domain" $oz/EIP712.sol "toTypedDataHash(_domainSeparatorV4()," \
  "toTypedDataHash(address(this) == address(0) ? _domainSeparatorV4() : bytes32(0),"
change "the signer is the key's" $receipts "require(signer == key.signer" "require(true || signer == key.signer"
change "schemes with ECDSA" $receipts "require(receipt.schemes == 1 ||" "require(true || receipt.schemes == 1 ||"
change "… that exist" $receipts "receipt.schemes == 1 || receipt.schemes == 3" "receipt.schemes % 2 == 1"
change "the key counts since before the receipt's date" $receipts "date >= activeFrom && " ""
change "… and counts now" $receipts " && block.timestamp >= activeFrom" ""
change "the receipt is dated before the key's end" $receipts "require(retiredAt == 0 ||" "require(true || retiredAt == 0 ||"
change "… not at it" $receipts "date < retiredAt" "date <= retiredAt"
change "the receipt is not of the future" $receipts "require(date <= block.timestamp" "require(true || date <= block.timestamp"
change "the receipt is not too old" $receipts "require(date + maximumAge" "require(true || date + maximumAge"
change "a new key waits a day" $receipts "block.timestamp + ACTIVATION_DELAY" "block.timestamp"
change "a key retires" $receipts "key.retiredAt = uint40(block.timestamp)" "key.retiredAt = 0"
change "… only once" $receipts "require(key.retiredAt == 0" "require(true || key.retiredAt == 0"
change "a key can be revoked" $receipts "require(!key.revoked" "require(true || !key.revoked"
change "the key is known" $receipts "require(key.signer != address(0)" "require(true || key.signer != address(0)"
change "a key is added once" $receipts "require(keys[keyHash].signer == address(0)" \
  "require(true || keys[keyHash].signer == address(0)"
change "the owner adds keys" $receipts "        onlyOwner
" ""
change "the owner retires keys" $receipts "function retireKey(bytes32 keyHash) external onlyOwner" \
  "function retireKey(bytes32 keyHash) external"
change "the owner revokes keys" $receipts "function revokeKey(bytes32 keyHash) external onlyOwner" \
  "function revokeKey(bytes32 keyHash) external"
change "a new VRF key has 33 bytes" $receipts "require(ecvrf.length == 33" "require(true || ecvrf.length == 33"
change "… and is on the curve" $receipts "require(_addressOfPoint(vrfPrefix, vrfX) != address(0)" \
  "require(true || _addressOfPoint(vrfPrefix, vrfX) != address(0)"
change "a new ECDSA key has 64 bytes" $receipts "require(ecdsa.length == 64" "require(true || ecdsa.length == 64"
change "… and is on the curve" $receipts "require(_addressOfPoint(prefix, x) == signer" \
  "require(true || _addressOfPoint(prefix, x) == signer"
change "the VRF and ECDSA keys are not one key" $receipts "require(x != vrfX && " "require("
change "… nor are the two VRF keys" $receipts "ecvrfEvmSha256 != ecvrfSha256 && " ""
change "… nor the ECDSA key and the other VRF key" $receipts " && ecvrfEvmSha256 != ecdsaSha256" ""
change "only a known key is active" $receipts "key.signer != address(0) && block.timestamp >= key.activeFrom" \
  "block.timestamp >= key.activeFrom"
change "… not before it begins" $receipts "key.signer != address(0) && block.timestamp >= key.activeFrom" \
  "key.signer != address(0)"
change "… not after its end" $receipts "begun && key.retiredAt == 0" "begun"
change "… not when it is revoked" $receipts "key.retiredAt == 0 && !key.revoked" "key.retiredAt == 0"
change "alpha is the receipt's" $receipts "require(keccak256(alpha) ==" "require(true || keccak256(alpha) =="
change "the VRF key is that of the key hash" $receipts "require(_isVrfKey(publicKey, key)" \
  "require(true || _isVrfKey(publicKey, key)"
change "… its first byte, too" $receipts "uint8(publicKey[0]) == key.vrfPrefix && " ""
change "… all of it" $receipts " && bytes32(publicKey[1:]) == key.vrfX" ""
change "… and no more" $receipts "if (publicKey.length != 33) return false;" "if (publicKey.length == 0) return false;"
change "random is the output" $receipts "require(beta == receipt.random" "require(true || beta == receipt.random"
change "an output is used once" $receipts "require(!usedAlphas[receipt.alphaHash]" \
  "require(true || !usedAlphas[receipt.alphaHash]"
change "… by one caller" $receipts "used[msg.sender][receipt.keyHash]" "used[address(0)][receipt.keyHash]"
change "… for one key" $receipts "used[msg.sender][receipt.keyHash]" "used[msg.sender][0]"
change "… for one alpha" $receipts "!usedAlphas[receipt.alphaHash]" "!usedAlphas[0]" \
  "usedAlphas[receipt.alphaHash] = true" "usedAlphas[0] = true"
change "… whatever the signature" $receipts "!usedAlphas[receipt.alphaHash]" "!usedAlphas[keccak256(signature)]" \
  "usedAlphas[receipt.alphaHash] = true" "usedAlphas[keccak256(signature)] = true"
change "… whatever the proof" $receipts "!usedAlphas[receipt.alphaHash]" "!usedAlphas[keccak256(proof)]" \
  "usedAlphas[receipt.alphaHash] = true" "usedAlphas[keccak256(proof)] = true"

change "a round is open" $lottery "require(round.state == State.Open" "require(true || round.state == State.Open"
change "a round is drawn once" $lottery "        round.state = State.Drawn;
" ""
change "no draw before the hash" $lottery "require(round.blockHash != 0" "require(true || round.blockHash != 0"
change "no draw after the deadline" $lottery "require(block.number <= _deadline(round), TooLate());
        require(sold" "require(true || block.number <= _deadline(round), TooLate());
        require(sold"
change "the draw is by the round's key" $lottery "require(receipt.keyHash ==" "require(true || receipt.keyHash =="
change "alpha has the tickets" $lottery "number, round.participants, " "number, "
change "alpha has the round" $lottery "this, number, round.participants" "this, round.participants"
change "a round is opened under an active key" $lottery "require(verifier.isActive(keyHash)" \
  "require(true || verifier.isActive(keyHash)"
change "a ticket is sold under an active key" $lottery "require(verifier.isActive(round.keyHash)" \
  "require(true || verifier.isActive(round.keyHash)"
change "no ticket after the close" $lottery "require(block.number <= round.closeBlock" \
  "require(true || block.number <= round.closeBlock"
change "no ticket that the bond does not cover" $lottery "require(ticket < round.maxTickets" \
  "require(true || ticket < round.maxTickets"
change "a ticket has its price" $lottery "require(msg.value == round.ticketPrice" \
  "require(true || msg.value == round.ticketPrice"
change "the bond is large enough" $lottery "require(msg.value >= wanted" "require(true || msg.value >= wanted"
change "the hash is of the named block" $lottery "BlockHash.read(round.closeBlock + HASH_DELAY)" \
  "BlockHash.read(block.number - 1)"
change "the hash is stored once" $lottery "require(round.blockHash == 0" "require(true || round.blockHash == 0"
change "no hash after the deadline" $lottery "require(block.number <= _deadline(round), TooLate());
        require(round" "require(true || block.number <= _deadline(round), TooLate());
        require(round"
change "no hash before the block is over" examples/BlockHash.sol "require(hash != 0" "require(true || hash != 0"
change "a round does not fail before the deadline" $lottery "require(block.number > _deadline(round)" \
  "require(true || block.number > _deadline(round)"
change "only tickets of a failed round are paid" $lottery "require(round.state == State.Failed" \
  "require(true || round.state == State.Failed"
change "a ticket is paid once" $lottery "        round.tickets[ticket] = address(0);
" ""
change "what is owed is sent once" $lottery "        owed[msg.sender] = 0;
" ""
change "… also to one who asks again meanwhile" $lottery "        owed[msg.sender] = 0;
        Address.sendValue(payable(msg.sender), amount);" "        Address.sendValue(payable(msg.sender), amount);
        owed[msg.sender] = 0;"

change "there is such a bet" $dice "require(made.player != address(0)" "require(true || made.player != address(0)"
change "a bet is rolled once" $dice "        delete betOf[number];
        if (won)" "        if (won)"
change "a bet fails once" $dice "        delete betOf[number];
        owed" "        owed"
change "no roll before the hash" $dice "require(made.blockHash != 0" "require(true || made.blockHash != 0"
change "no roll after the deadline" $dice "require(block.number <= _deadline(betOf[number])" \
  "require(true || block.number <= _deadline(betOf[number])"
change "the roll is by the game's key" $dice "require(receipt.keyHash ==" "require(true || receipt.keyHash =="
change "alpha has the bet" $dice "this, number, made.player" "this, made.player"
change "the hash is of the named block" $dice "BlockHash.read(made.closeBlock + HASH_DELAY)" \
  "BlockHash.read(block.number - 1)"
change "the hash is stored once" $dice "require(made.blockHash == 0" "require(true || made.blockHash == 0"
change "no hash after the deadline" $dice "require(block.number <= _deadline(made)" \
  "require(true || block.number <= _deadline(made)"
change "a bet does not fail before the deadline" $dice "require(block.number > _deadline(betOf[number])" \
  "require(true || block.number > _deadline(betOf[number])"
change "a bet is taken under an active key" $dice "require(verifier.isActive(keyHash)" \
  "require(true || verifier.isActive(keyHash)"
change "the house can pay" $dice "require(risk <= funds" "require(true || risk <= funds"
change "what it can lose is set aside" $dice "        funds -= risk;
" ""
change "only the house takes its funds" $dice "require(msg.sender == house" "require(true || msg.sender == house"
change "… and what is there" $dice "require(amount <= funds" "require(true || amount <= funds"
change "a die has such a face" $dice "require(face >= 1 && face <= 6" "require(true || face >= 1 && face <= 6"
change "what is owed is sent once" $dice "        owed[msg.sender] = 0;
" ""

built=$(cargo test -p r4-e2e --test e2e --no-run --message-format=json 2>/dev/null |
  python3 -c 'import json, sys; print(*filter(None, (json.loads(line).get("executable") for line in sys.stdin)))')
test_binary=$work/tests
cp "$built" "$test_binary"
export here test_binary
export -f run run_revm run_forge finished
printf '%s\n' "$work"/[0-9]* | xargs -P "$(nproc)" -n 1 bash -c 'run "$0" && touch "$0/done"' || true

rows=()
failed=0
for folder in "$work"/[0-9]*; do
  if [ "${#rows[@]}" -lt "$controls" ]; then
    { [ -e "$folder/done" ] && [ ! -s "$folder/failing" ]; } || { cat "$folder/log" >&2; complain "tests fail though nothing is changed"; exit 1; }
    rows+=("")
  elif row "$folder" >"$folder/row"; then
    rows+=("$(cat "$folder/row")")
  else
    failed=1
  fi
done
[ "$failed" = 0 ] || exit 1
cat <<'END'
# Checks of the contracts removed

The tests of the contracts, after one change at a time to the sources: mostly a check taken out, or made weaker where the
line begins with "…". They all pass when nothing is changed. A test also fails where the input is still refused, but with
another error. `src/` and the parts of OpenZeppelin that it uses are tested by `cargo test -p r4-e2e evm::`, `examples/` by
`forge test`. Left out are the tests that need a node, the table of gas, and the slow ones that flip every bit or try
every gas limit: what they would notice, one of the others does.
Made by `proof/contract_checks_removed.sh`, which ends with an error where no test fails and none is said to.

| what is no longer checked | in | tests that then fail |
|---|---|---|
END
printf '%s\n' "${rows[@]:$controls}"
