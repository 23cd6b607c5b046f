const net = require('net');

const server = net.createServer((socket) => {
  console.log('client connected');
  socket.on('data', (data) => {
    console.log(data);
  });
  socket.on('end', () => {
    console.log('client disconnected');
  });
});

server.listen(8888, () => {
  console.log('server bound');
});
