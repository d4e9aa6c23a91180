package balance

import (
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// greeter is a server that says its name to everyone.
func greeter(t *testing.T, name string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(connection, name)
		}
	}()
	return listener
}

func start(t *testing.T, servers ...string) (*Balancer, string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	b := New(filepath.Join(t.TempDir(), "servers.json"), servers...)
	if err := b.Listen(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	return b, address
}

func connect(t *testing.T, address string) (net.Conn, string) {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	_ = connection.SetReadDeadline(time.Now().Add(5 * time.Second))
	name := make([]byte, 1)
	if _, err := io.ReadFull(connection, name); err != nil {
		t.Fatal(err)
	}
	return connection, string(name)
}

func TestAServerThatDoesNotAnswerIsPassedOver(t *testing.T) {
	dead, alive := greeter(t, "a"), greeter(t, "b")
	dead.Close()
	b, address := start(t, dead.Addr().String(), alive.Addr().String())
	if _, name := connect(t, address); name != "b" {
		t.Errorf("%s answered", name)
	}
	if first := b.Servers()[0]; first != alive.Addr().String() {
		t.Errorf("%s is preferred, and it does not answer", first)
	}
}

func TestConnectionsToARemovedServerAreCut(t *testing.T) {
	old, other := greeter(t, "a"), greeter(t, "b")
	b, address := start(t, old.Addr().String())
	connection, _ := connect(t, address)
	b.Update([]string{other.Addr().String()})
	if _, err := connection.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the connection lives on: %v", err)
	}
	if _, name := connect(t, address); name != "b" {
		t.Errorf("%s answered", name)
	}
}

func TestConnectionsToAServerThatStopsAnsweringAreCut(t *testing.T) {
	server := greeter(t, "a")
	_, address := start(t, server.Addr().String())
	connection, _ := connect(t, address)
	server.Close() // its open connections stay open
	_ = connection.SetReadDeadline(time.Now().Add(3 * patience * checkEvery))
	if _, err := connection.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the connection lives on: %v", err)
	}
}

func TestServersAreRemembered(t *testing.T) {
	file := filepath.Join(t.TempDir(), "servers.json")
	New(file, "192.0.2.1:6443").Update([]string{"192.0.2.2:6443", "192.0.2.3:6443"})
	again := New(file, "192.0.2.1:6443").Servers()
	if len(again) != 3 || again[0] != "192.0.2.2:6443" {
		t.Errorf("after a start the servers are %q", again)
	}
}

func TestAnEmptyListIsNotBelieved(t *testing.T) {
	b := New(filepath.Join(t.TempDir(), "servers.json"), "192.0.2.1:6443")
	b.Update(nil)
	if len(b.Servers()) != 1 {
		t.Error("the last known server was forgotten")
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}
