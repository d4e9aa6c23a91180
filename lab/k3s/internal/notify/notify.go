// Package notify tells systemd when the unit is ready.
package notify

import (
	"net"
	"os"
)

// Claim takes the socket systemd gave out of the environment, where the API server's own library
// would find it and report the unit ready before it is.
func Claim() {
	socket = os.Getenv("NOTIFY_SOCKET")
	_ = os.Unsetenv("NOTIFY_SOCKET")
}

var socket string

// Ready says READY=1 on the claimed socket, if there is one.
func Ready() error {
	if socket == "" {
		return nil
	}
	name := socket
	if name[0] == '@' {
		name = "\x00" + name[1:]
	}
	connection, err := net.Dial("unixgram", name)
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = connection.Write([]byte("READY=1"))
	return err
}
