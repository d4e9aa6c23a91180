package node

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strings"

	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/settings"
)

// Identity is who a node is.
type Identity struct {
	Name      string
	Address   string   // the first node-ip
	Addresses []string // node-ip and node-external-ip
}

// Identify takes the name and addresses from the settings, or from the host.
func Identify(s *settings.Settings) (Identity, error) {
	id := Identity{Name: s.Text("node-name")}
	if id.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			return id, err
		}
		id.Name = host
	}
	id.Name = strings.ToLower(id.Name)
	id.Addresses = s.List("node-ip")
	if len(id.Addresses) == 0 {
		address, err := defaultAddress()
		if err != nil {
			return id, err
		}
		id.Addresses = []string{address}
	}
	id.Address = id.Addresses[0]
	id.Addresses = append(id.Addresses, s.List("node-external-ip")...)
	return id, nil
}

// defaultAddress is the one the default route leaves from, else the first that is not a loopback's.
func defaultAddress() (string, error) {
	// Nothing is sent: connecting a datagram socket only chooses the route.
	if probe, err := net.Dial("udp4", "192.0.2.1:9"); err == nil {
		defer probe.Close()
		if held, ok := probe.LocalAddr().(*net.UDPAddr); ok {
			return held.IP.String(), nil
		}
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, one := range all {
		if held, ok := one.(*net.IPNet); ok && held.IP.To4() != nil && held.IP.IsGlobalUnicast() {
			return held.IP.String(), nil
		}
	}
	return "", fmt.Errorf("node-ip: the host has no IPv4 address; set node-ip")
}

// password is the secret that holds this host to its name.
func password(path string) (string, error) {
	if text, err := os.ReadFile(path); err == nil {
		return strings.TrimSpace(string(text)), nil
	} else if !os.IsNotExist(err) {
		return "", err
	}
	secret := make([]byte, 16)
	_, _ = rand.Read(secret)
	made := hex.EncodeToString(secret)
	return made, layout.Write(path, []byte(made+"\n"), 0o600)
}
