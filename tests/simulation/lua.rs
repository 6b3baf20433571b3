//! The cache's scripts, run in the Lua that Redis has, on the entries of one server.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use mlua::{Function, Lua, Variadic};
use redis::Value;

use crate::redis_node::{Node, Reply};

thread_local! {
    static INTERPRETER: Interpreter = Interpreter::new();
    /// The server that the running script works on.
    static CURRENT: RefCell<Option<Node>> = const { RefCell::new(None) };
}

struct Interpreter {
    lua: Lua,
    scripts: RefCell<HashMap<String, Rc<Script>>>,
}

struct Script {
    function: Function,
    /// It begins with a line of flags, and does not say that it writes nothing.
    may_write: bool,
}

/// Runs a script on a server, and returns its reply.
pub(crate) fn run(text: &str, keys: &[Vec<u8>], arguments: &[Vec<u8>], node: &mut Node) -> Value {
    INTERPRETER.with(|interpreter| interpreter.run(text, keys, arguments, node))
}

/// Returns an error as Redis answers it.
pub(crate) fn error(text: &str) -> Value {
    redis::parse_redis_value(format!("-{}\r\n", text.replace(['\r', '\n'], " ")).as_bytes()).expect("an error")
}

impl Interpreter {
    fn new() -> Self {
        let lua = Lua::new();
        let table = lua.create_table().expect("memory");
        let call = lua.create_function(|lua, arguments: Variadic<mlua::Value>| {
            command(&arguments)?.map_err(mlua::Error::RuntimeError).and_then(|reply| to_lua(lua, reply))
        });
        let pcall = lua.create_function(|lua, arguments: Variadic<mlua::Value>| match command(&arguments)? {
            Ok(reply) => to_lua(lua, reply),
            Err(text) => {
                let error = lua.create_table()?;
                error.set("err", text)?;
                Ok(mlua::Value::Table(error))
            }
        });
        table.set("call", call.expect("a function")).expect("set");
        table.set("pcall", pcall.expect("a function")).expect("set");
        lua.globals().set("redis", table).expect("set");
        Self { lua, scripts: RefCell::default() }
    }

    fn run(&self, text: &str, keys: &[Vec<u8>], arguments: &[Vec<u8>], node: &mut Node) -> Value {
        let script = match self.script(text) {
            Ok(script) => script,
            Err(why) => return error(&format!("ERR Error compiling script: {why}")),
        };
        if script.may_write && !node.is_primary {
            return error("READONLY You can't write against a read only replica.");
        }
        for (name, values) in [("KEYS", keys), ("ARGV", arguments)] {
            let values = values.iter().map(|value| self.lua.create_string(value).expect("memory"));
            let table = self.lua.create_sequence_from(values).expect("memory");
            self.lua.globals().set(name, table).expect("set");
        }
        CURRENT.set(Some(std::mem::take(node)));
        let result = script.function.call::<mlua::Value>(());
        *node = CURRENT.take().expect("it was put there");
        match result {
            Ok(value) => reply(&value),
            Err(mlua::Error::CallbackError { cause, .. }) => match &*cause {
                mlua::Error::RuntimeError(text) => error(text),
                other => error(&format!("ERR {other}")),
            },
            Err(other) => error(&format!("ERR {other}")),
        }
    }

    fn script(&self, text: &str) -> mlua::Result<Rc<Script>> {
        if let Some(script) = self.scripts.borrow().get(text) {
            return Ok(Rc::clone(script));
        }
        let flags = text.lines().next().filter(|line| line.starts_with("#!lua"));
        let body = if flags.is_some() { text.split_once('\n').map_or("", |(_, body)| body) } else { text };
        let script = Rc::new(Script {
            function: self.lua.load(body).into_function()?,
            may_write: flags.is_some_and(|flags| !flags.contains("no-writes")),
        });
        self.scripts.borrow_mut().insert(text.to_owned(), Rc::clone(&script));
        Ok(script)
    }
}

/// Carries out a command of the running script.
fn command(arguments: &[mlua::Value]) -> mlua::Result<Result<Reply, String>> {
    let arguments = arguments.iter().map(bytes).collect::<mlua::Result<Vec<Vec<u8>>>>()?;
    Ok(CURRENT.with_borrow_mut(|node| node.as_mut().expect("a script runs").command(&arguments)))
}

fn bytes(value: &mlua::Value) -> mlua::Result<Vec<u8>> {
    match value {
        mlua::Value::String(text) => Ok(text.as_bytes().to_vec()),
        mlua::Value::Integer(number) => Ok(number.to_string().into_bytes()),
        mlua::Value::Number(number) => Ok(number.to_string().into_bytes()),
        _ => {
            Err(mlua::Error::RuntimeError("ERR Lua redis lib command arguments must be strings or integers".to_owned()))
        }
    }
}

fn to_lua(lua: &Lua, reply: Reply) -> mlua::Result<mlua::Value> {
    Ok(match reply {
        Reply::Nil => mlua::Value::Boolean(false),
        Reply::Number(number) => mlua::Value::Number(f64::from(number)),
        Reply::Text(text) => mlua::Value::String(lua.create_string(text)?),
        Reply::List(list) => {
            let list = list.into_iter().map(|reply| to_lua(lua, reply)).collect::<mlua::Result<Vec<_>>>()?;
            mlua::Value::Table(lua.create_sequence_from(list)?)
        }
    })
}

/// Converts what a script returns as Redis does: a number is cut, and a list ends at its first nil.
fn reply(value: &mlua::Value) -> Value {
    match value {
        mlua::Value::Boolean(true) => Value::Int(1),
        mlua::Value::Integer(number) => Value::Int(*number),
        #[expect(clippy::cast_possible_truncation, reason = "as Redis does")]
        mlua::Value::Number(number) => Value::Int(*number as i64),
        mlua::Value::String(text) => Value::BulkString(text.as_bytes().to_vec()),
        mlua::Value::Table(table) => match table.get::<Option<String>>("err") {
            Ok(Some(text)) => error(&text),
            _ => Value::Array(table.sequence_values().map_while(Result::ok).map(|value| reply(&value)).collect()),
        },
        _ => Value::Nil,
    }
}
