// A room of socket.io as its documentation shows it, with the Redis adapter: what comes in goes to everybody in the
// room. `node socketio.cjs PORT REDIS_SOCKET`; NODE_PATH says where the packages are.
const { createServer } = require("node:http")
const { createAdapter } = require("@socket.io/redis-adapter")
const { createClient } = require("redis")
const { Server } = require("socket.io")

async function main(port, path) {
  const publisher = createClient({ socket: { path } })
  const subscriber = publisher.duplicate()
  await Promise.all([publisher.connect(), subscriber.connect()])
  const server = createServer()
  const io = new Server(server, {
    adapter: createAdapter(publisher, subscriber),
    transports: ["websocket"],
    perMessageDeflate: false,
  })
  io.on("connection", (socket) => {
    socket.join("room")
    socket.on("post", (message) => io.to("room").emit("message", message))
    socket.emit("joined")
  })
  server.listen(Number(port), "127.0.0.1")
}

main(...process.argv.slice(2))
