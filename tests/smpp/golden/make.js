// Writes node_smpp.json: PDUs, tags and statuses as node's independent `smpp` package has them.
//
//   npm install --prefix /tmp/node_smpp smpp@0.5.1
//   NODE_PATH=/tmp/node_smpp/node_modules node make.js > node_smpp.json
//
// In the JSON a string is a C-octet string (ASCII, without its NUL) and {"hex": …} an octet string.
'use strict';
const smpp = require('smpp');

const octets = (text) => Buffer.from(text, 'latin1');
const source = { source_addr_ton: 5, source_addr_npi: 0, source_addr: 'XXMALL' };
const destination = { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '8613800138000' };
const bind = {
  system_id: 'acme', password: 's3cret', system_type: 'VMA', interface_version: 0x34,
  addr_ton: 1, addr_npi: 2, address_range: '^1069',
};
const message = {
  esm_class: 0x40, protocol_id: 0x41, priority_flag: 3,
  schedule_delivery_time: '261122080000000+', validity_period: '000000000500000R',
  registered_delivery: 1, replace_if_present_flag: 0, data_coding: 8, sm_default_msg_id: 9,
  short_message: octets('\x05\x00\x03\x2a\x02\x01\x4f\x60\x00\x41'),
};
const receipt = {
  ...message, esm_class: 4, schedule_delivery_time: '', validity_period: '', registered_delivery: 0,
  data_coding: 0,
  short_message: octets('id:0123456789 sub:001 dlvrd:001 submit date:2611220800 done date:2611220801 '
    + 'stat:DELIVRD err:000 text:'),
};
const anyTlv = {
  dest_addr_subunit: 1, dest_network_type: 2, dest_bearer_type: 3, dest_telematics_id: 0x0405,
  source_addr_subunit: 6, source_network_type: 7, source_bearer_type: 8, qos_time_to_live: 0x01020304,
  payload_type: 1, additional_status_info_text: 'why', receipted_message_id: '0123456789',
  ms_msg_wait_facilities: 0x83, privacy_indicator: 2, source_subaddress: octets('\xa0\x12\x34'),
  dest_subaddress: octets('\x88\x01'), user_message_reference: 0x1234, user_response_code: 5,
  source_port: 0x0b84, sar_msg_ref_num: 0xfffe, language_indicator: 1, sar_total_segments: 3,
  sar_segment_seqnum: 2, sc_interface_version: 0x34, number_of_messages: 99, dpf_result: 1, set_dpf: 0,
  ms_availability_status: 2, network_error_code: octets('\x03\x00\x0b'), message_payload: octets('\x00\xff'.repeat(200)),
  delivery_failure_reason: 3, more_messages_to_send: 1, message_state: 2, congestion_state: 90,
  ussd_service_op: 2, display_time: 1, sms_signal: 0x0102, ms_validity: octets('\x03'),
  its_reply_type: 4, its_session_info: octets('\x01\x02'),
};

// name, mandatory fields, TLVs, command_status
const cases = [
  ['bind_receiver', bind], ['bind_transmitter', bind], ['bind_transceiver', bind],
  ['bind_receiver_resp', { system_id: 'smsc' }, { sc_interface_version: 0x34 }],
  ['bind_transmitter_resp', { system_id: 'smsc' }, { sc_interface_version: 0x34 }],
  ['bind_transceiver_resp', { system_id: 'smsc' }, { sc_interface_version: 0x34 }],
  ['outbind', { system_id: 'smsc', password: 's3cret' }],
  ['unbind', {}], ['unbind_resp', {}], ['enquire_link', {}], ['enquire_link_resp', {}],
  ['generic_nack', {}, {}, 3],
  ['submit_sm', { service_type: 'CMT', ...source, ...destination, ...message }],
  ['submit_sm', { service_type: '', ...source, ...destination, ...message, short_message: octets('x'.repeat(254)) }],
  ['submit_sm', { service_type: '', ...source, ...destination, ...message, short_message: octets('') },
    { user_message_reference: 7, sar_msg_ref_num: 300, sar_total_segments: 2, sar_segment_seqnum: 1,
      message_payload: octets('\x4f\x60'.repeat(300)) }],
  ['submit_sm_resp', { message_id: '0A1b-2c' }],
  ['submit_multi', {
    service_type: 'CMT', ...source,
    dest_address: [destination, { dl_name: 'friends' }, { ...destination, destination_addr: '8613800138001' }],
    ...message,
  }],
  ['submit_multi_resp', {
    message_id: '42',
    unsuccess_sme: [{ ...destination, error_status_code: 0x0b }, { ...destination, error_status_code: 0x444 }],
  }],
  ['submit_multi_resp', { message_id: '42', unsuccess_sme: [] }],
  ['deliver_sm', { service_type: '', ...source, ...destination, ...receipt },
    { receipted_message_id: '0123456789', message_state: 2, network_error_code: octets('\x03\x00\x00') }],
  ['deliver_sm_resp', { message_id: '' }],
  ['data_sm', { service_type: '', ...source, ...destination, esm_class: 0, registered_delivery: 1, data_coding: 4 },
    anyTlv],
  ['data_sm_resp', { message_id: '77' }, { delivery_failure_reason: 1, network_error_code: octets('\x03\x00\x01') }],
  ['query_sm', { message_id: '0A1b', ...source }],
  ['query_sm_resp', { message_id: '0A1b', final_date: '261122080000000+', message_state: 5, error_code: 11 }],
  ['cancel_sm', { service_type: 'CMT', message_id: '0A1b', ...source, ...destination }],
  ['cancel_sm_resp', {}],
  ['replace_sm', {
    message_id: '0A1b', ...source, schedule_delivery_time: '', validity_period: '261123080000000+',
    registered_delivery: 1, sm_default_msg_id: 2, short_message: octets('new'),
  }],
  ['replace_sm_resp', {}],
  ['alert_notification', { ...source, esme_addr_ton: 1, esme_addr_npi: 1, esme_addr: '10690001' },
    { ms_availability_status: 1 }],
];

const plain = (value) => {
  if (Buffer.isBuffer(value)) return { hex: value.toString('hex') };
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return value;
};

const pdus = cases.map(([name, fields, tlvs = {}, command_status = 0], index) => {
  const sequence_number = 0x01020304 + index;
  const pdu = new smpp.PDU(name, { command_status, sequence_number, ...fields, ...tlvs });
  return { name, command_status, sequence_number, fields: plain(fields), tlvs: plain(tlvs), octets: pdu.toBuffer().toString('hex') };
});
const numbers = (table) => Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, entry.id]));
const golden = { pdus, commands: numbers(smpp.commands), tlvs: numbers(smpp.tlvs), statuses: smpp.errors };
process.stdout.write(`${JSON.stringify(golden, null, 1)}\n`);
