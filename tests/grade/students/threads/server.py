import socket

HOST = ""
PORT = 8888

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, PORT))
server.listen()
print("Server is listening...")

client, address = server.accept()
print("Connected by", address)
data = client.recv(1024)
print(data)
client.close()
