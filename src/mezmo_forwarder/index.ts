export * from './destination';
export * from './forwarder';
export * from './forwarder-props';
export * from './ingestion-key';
export * from './line-format';
export * from './subscription';
export * from './vendor-code';
