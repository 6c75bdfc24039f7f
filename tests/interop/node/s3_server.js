// An S3-compatible server of its own for the tests: node s3_server.js DIRECTORY BUCKET. Prints its port.
'use strict';

const S3rver = require('s3rver');

new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory: process.argv[2],
  configureBuckets: [{ name: process.argv[3] }],
})
  .run()
  .then(({ port }) => console.log(port));
