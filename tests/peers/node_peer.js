// One end of SMPP sessions by node's independent `smpp` package, told line by line what to do (see node.py).
//
//   node node_peer.js esme PORT     connects;  node node_peer.js smsc     listens on any port
//
// Lines in:  {"name": "submit_sm", "session": …, "fields": {…}}        a request; null: on the newest session
//            {"answer": [session, sequence_number], "fields": {…}}     the response to a request that was told
// Lines out: {"event": "listening", "port": …}, {"event": "session" | "closed", "session": …}
//            {"event": "pdu", "session": …, "command": …, and the fields as node reads them}
// enquire_link is answered at once, all else by who drives. In JSON {"hex": …} is a Buffer.
'use strict';
const readline = require('readline');
const smpp = require('smpp');

const sessions = [];
const asked = new Map(); // "session/sequence_number" -> PDU without an answer

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const plain = (value) => {
  if (Buffer.isBuffer(value)) return { hex: value.toString('hex') };
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date || value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
};
const revive = (_, value) => (value && value.hex !== undefined ? Buffer.from(value.hex, 'hex') : value);

function attach(session) {
  const number = sessions.push(session);
  session.on('pdu', (pdu) => {
    tell({ event: 'pdu', session: number, ...plain({ ...pdu }) });
    if (pdu.command === 'enquire_link') session.send(pdu.response());
    else if (!pdu.isResponse()) asked.set(`${number}/${pdu.sequence_number}`, pdu);
  });
  session.on('close', () => tell({ event: 'closed', session: number }));
  session.on('error', (error) => tell({ event: 'error', session: number, detail: String(error) }));
  tell({ event: 'session', session: number });
}

function perform(line) {
  const { name, session: number, answer, fields } = JSON.parse(line, revive);
  if (name) {
    sessions[(number || sessions.length) - 1].send(new smpp.PDU(name, fields));
    return;
  }
  const key = answer.join('/');
  const request = asked.get(key);
  asked.delete(key);
  const session = sessions[answer[0] - 1];
  const sent = request.command === 'unbind' ? () => session.close() : undefined;
  session.send(request.response(fields), sent);
}

const [role, port] = process.argv.slice(2);
if (role === 'smsc') {
  const server = smpp.createServer(attach);
  server.listen(0, '127.0.0.1', () => tell({ event: 'listening', port: server.address().port }));
} else {
  const session = smpp.connect({ host: '127.0.0.1', port: Number(port) }, () => attach(session));
}
readline.createInterface({ input: process.stdin }).on('line', perform).on('close', () => process.exit(0));
