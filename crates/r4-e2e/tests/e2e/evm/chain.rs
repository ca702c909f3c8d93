//! An Ethereum chain in memory, by revm with the rules of Osaka: contracts from the committed
//! artifacts, calls, transactions and what they cost.

use std::collections::BTreeMap;
use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address};
use alloy_sol_types::{SolCall, SolError};
use revm::context::result::ExecutionResult;
use revm::context::{BlockEnv, CfgEnv, ContextTr, TxEnv};
use revm::database::InMemoryDB;
use revm::interpreter::interpreter_types::Jumps as _;
use revm::interpreter::{
    CallInputs, CallOutcome, Gas, InstructionResult, Interpreter, InterpreterResult,
};
use revm::primitives::hardfork::SpecId;
use revm::{
    Context, InspectCommitEvm as _, InspectEvm as _, Inspector, MainBuilder as _, MainContext as _,
};
use serde_json::Value;

use crate::harness::external;

const SLOAD: u8 = 0x54;
const SSTORE: u8 = 0x55;
const ECRECOVER: Address = address!("0x0000000000000000000000000000000000000001");
const SHA256: Address = address!("0x0000000000000000000000000000000000000002");

/// Accounts, contracts, and the block that the next call sees.
#[derive(Default)]
pub(crate) struct Chain {
    pub(crate) db: InMemoryDB,
    /// The chain id.
    pub(crate) id: u64,
    /// The block's number.
    pub(crate) number: u64,
    /// The block's time, Unix seconds.
    pub(crate) timestamp: u64,
    /// The gas limit of every transaction; 16 million where there is none.
    pub(crate) gas_limit: Option<u64>,
    /// What the precompiles for ecrecover and SHA-256 answer to some inputs, in place of the truth.
    pub(crate) answers: BTreeMap<Vec<u8>, B256>,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What was returned, or the data of the revert; none where the gas ran out.
    pub(crate) output: Result<Bytes, Bytes>,
    /// What the execution cost, without the transaction's own costs.
    pub(crate) gas: u64,
    /// The part of it that reading and writing storage cost.
    pub(crate) storage_gas: u64,
    /// What the sender pays: execution, 21,000, and calldata by its price or its floor (EIP-7623).
    pub(crate) transaction_gas: u64,
}

/// Reads an artifact: from the folder that `R4_CONTRACT_ARTIFACTS` names, else the committed one.
pub(crate) fn artifact(name: &str) -> Value {
    let folder = external::text("R4_CONTRACT_ARTIFACTS").unwrap_or_else(|| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/artifacts").to_owned()
    });
    let path = Path::new(&folder).join(name).with_extension("json");
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap()
}

impl Chain {
    /// Runs a transaction that creates the contract of an artifact.
    pub(crate) fn deploy(&mut self, from: Address, name: &str, arguments: &[u8]) -> Address {
        let artifact = artifact(name);
        let code = artifact["bytecode"].as_str().unwrap().trim_start_matches("0x");
        let data = [hex::decode(code).unwrap(), arguments.to_vec()].concat();
        let (outcome, created) = self.run(from, TxKind::Create, data, U256::ZERO);
        outcome.output.unwrap_or_else(|data| panic!("{name} cannot be deployed: {data}"));
        created.unwrap()
    }

    /// Calls a function without keeping what it changes.
    pub(crate) fn view(&mut self, to: Address, call: &impl SolCall) -> Outcome {
        self.view_bytes(to, call.abi_encode())
    }

    /// Calls with bytes as they are.
    pub(crate) fn view_bytes(&mut self, to: Address, data: Vec<u8>) -> Outcome {
        let tx = self.tx(Address::ZERO, TxKind::Call(to), data, U256::ZERO);
        let meter = Meter { answers: self.answers.clone(), ..Meter::default() };
        let mut evm = self.context().build_mainnet_with_inspector(meter);
        let result = evm.inspect_one_tx(tx).unwrap();
        Outcome::of(result, &evm.inspector)
    }

    /// Runs a transaction that calls a function.
    pub(crate) fn call(&mut self, from: Address, to: Address, call: &impl SolCall) -> Outcome {
        self.pay(from, to, call, U256::ZERO)
    }

    /// Runs a transaction that calls a function and sends `value` wei, which `from` gets first.
    pub(crate) fn pay(
        &mut self,
        from: Address,
        to: Address,
        call: &impl SolCall,
        value: U256,
    ) -> Outcome {
        self.run(from, TxKind::Call(to), call.abi_encode(), value).0
    }

    fn run(
        &mut self,
        from: Address,
        kind: TxKind,
        data: Vec<u8>,
        value: U256,
    ) -> (Outcome, Option<Address>) {
        let mut account = self.db.load_account(from).unwrap().info.clone();
        account.balance += value;
        self.db.insert_account_info(from, account);
        let tx = self.tx(from, kind, data, value);
        let meter = Meter { answers: self.answers.clone(), ..Meter::default() };
        let mut evm = self.context().build_mainnet_with_inspector(meter);
        let result = evm.inspect_tx_commit(tx).unwrap();
        let created = result.created_address();
        (Outcome::of(result, &evm.inspector), created)
    }

    fn tx(&self, caller: Address, kind: TxKind, data: Vec<u8>, value: U256) -> TxEnv {
        TxEnv {
            caller,
            kind,
            data: data.into(),
            value,
            chain_id: Some(self.id),
            gas_limit: self.gas_limit.unwrap_or(16_000_000),
            ..TxEnv::default()
        }
    }

    fn context(&mut self) -> Context<BlockEnv, TxEnv, CfgEnv, &mut InMemoryDB> {
        let (chain_id, number, timestamp) = (self.id, self.number, self.timestamp);
        Context::mainnet()
            .with_db(&mut self.db)
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA);
                cfg.chain_id = chain_id;
                cfg.disable_nonce_check = true;
            })
            .modify_block_chained(|block| {
                block.number = U256::from(number);
                block.timestamp = U256::from(timestamp);
            })
    }
}

impl Outcome {
    fn of(result: ExecutionResult, meter: &Meter) -> Self {
        let transaction_gas = result.tx_gas_used();
        let output = match result {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            ExecutionResult::Revert { output, .. } => Err(output),
            ExecutionResult::Halt { .. } => Err(Bytes::new()),
        };
        Self { output, gas: meter.execution, storage_gas: meter.storage, transaction_gas }
    }

    /// Decodes what was returned.
    pub(crate) fn returned<C: SolCall>(&self) -> C::Return {
        C::abi_decode_returns(self.output.as_ref().expect("the call reverted")).unwrap()
    }

    /// Says whether the call reverted with this error.
    pub(crate) fn reverted_with<E: SolError>(&self) -> bool {
        self.output.as_ref().is_err_and(|data| data.starts_with(&E::SELECTOR))
    }
}

/// Reads the gas of the outermost call, and adds up that of the opcodes that touch storage.
#[derive(Default)]
struct Meter {
    execution: u64,
    storage: u64,
    before: Option<u64>,
    answers: BTreeMap<Vec<u8>, B256>,
}

impl<CTX: ContextTr> Inspector<CTX> for Meter {
    fn step(&mut self, interpreter: &mut Interpreter, _: &mut CTX) {
        let touches = [SLOAD, SSTORE].contains(&interpreter.bytecode.opcode());
        self.before = touches.then(|| interpreter.gas.remaining());
    }

    fn step_end(&mut self, interpreter: &mut Interpreter, _: &mut CTX) {
        if let Some(before) = self.before.take() {
            self.storage += before - interpreter.gas.remaining();
        }
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        if ![ECRECOVER, SHA256].contains(&inputs.target_address) {
            return None;
        }
        let answer = self.answers.get(&inputs.input.bytes(context)[..])?;
        let gas = Gas::new(inputs.gas_limit);
        let result = InterpreterResult::new(InstructionResult::Return, (*answer).into(), gas);
        Some(CallOutcome::new(result, inputs.return_memory_offset.clone()))
    }

    fn call_end(&mut self, _: &mut CTX, _: &CallInputs, outcome: &mut CallOutcome) {
        // The outermost call ends last.
        self.execution = outcome.result.gas.total_gas_spent();
    }
}
