// Package trust is a server's certificates, keys and passwords: made, placed beforehand, or fetched
// from the cluster that the server joins.
package trust

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/pki"
	"groundwork.lab/k3s/internal/token"
)

// Trust is what a server trusts and signs with.
type Trust struct {
	Server, Client, Header, EtcdServer, EtcdPeer *pki.Authority

	ServerPassword string // lets servers and agents in
	AgentPassword  string // lets agents in
}

const serviceKey = "service.key"

// shared are the files all servers of a cluster have alike, below server/.
var shared = []string{
	"tls/server-ca.crt", "tls/server-ca.key", "tls/client-ca.crt", "tls/client-ca.key",
	"tls/request-header-ca.crt", "tls/request-header-ca.key",
	"tls/etcd/server-ca.crt", "tls/etcd/server-ca.key", "tls/etcd/peer-ca.crt", "tls/etcd/peer-ca.key",
	"tls/" + serviceKey, encryptionFile,
}

const encryptionFile = "cred/encryption-config.json"

// Bundle is the shared files by their path below server/.
func Bundle(l layout.Layout) (map[string][]byte, error) {
	bundle := map[string][]byte{}
	for _, name := range shared {
		data, err := os.ReadFile(l.Server(name))
		if errors.Is(err, fs.ErrNotExist) && name == encryptionFile {
			continue
		}
		if err != nil {
			return nil, err
		}
		bundle[name] = data
	}
	return bundle, nil
}

// Unpack puts a bundle's files in place. Only the shared files are taken from it.
func Unpack(l layout.Layout, bundle map[string][]byte) error {
	for _, name := range shared {
		data, given := bundle[name]
		if !given {
			continue
		}
		mode := os.FileMode(0o600)
		if filepath.Ext(name) == ".crt" {
			mode = 0o644
		}
		if err := layout.Write(l.Server(name), data, mode); err != nil {
			return err
		}
	}
	return nil
}

// Open reads the authorities, making those that are not there.
func Open(l layout.Layout, encrypt bool) (*Trust, error) {
	t := &Trust{}
	for _, one := range []struct {
		to   **pki.Authority
		base string
		name string
	}{
		{&t.Server, "server-ca", "server-ca"},
		{&t.Client, "client-ca", "client-ca"},
		{&t.Header, "request-header-ca", "request-header-ca"},
		{&t.EtcdServer, "etcd/server-ca", "etcd-server-ca"},
		{&t.EtcdPeer, "etcd/peer-ca", "etcd-peer-ca"},
	} {
		authority, err := pki.OpenAuthority(l.TLS(one.base), one.name)
		if err != nil {
			return nil, err
		}
		*one.to = authority
	}
	if err := pki.EnsureServiceKey(l.TLS(serviceKey)); err != nil {
		return nil, err
	}
	if encrypt {
		return t, ensureEncryption(l.Server(encryptionFile))
	}
	return t, nil
}

// ensureEncryption makes the key that Secrets are stored with. The last provider reads what was
// stored before.
func ensureEncryption(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	text := fmt.Sprintf(`{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1",`+
		`"resources":[{"resources":["secrets"],"providers":[{"aescbc":{"keys":[{"name":"aescbckey",`+
		`"secret":%q}]}},{"identity":{}}]}]}`, base64.StdEncoding.EncodeToString(key))
	return layout.Write(path, []byte(text), 0o600)
}

// EncryptionFile is the API server's encryption configuration.
func EncryptionFile(l layout.Layout) string { return l.Server(encryptionFile) }

// SetPasswords takes the tokens from the configuration, or those of an earlier start, or makes one,
// and writes the token files. A password that differs from the cluster's own is refused.
func (t *Trust) SetPasswords(l layout.Layout, server, agent string) error {
	var err error
	if t.ServerPassword, err = t.password(server, "server", l.Server("token")); err != nil {
		return err
	}
	if t.ServerPassword == "" {
		secret := make([]byte, 16)
		_, _ = rand.Read(secret)
		t.ServerPassword = hex.EncodeToString(secret)
	}
	if t.AgentPassword, err = t.password(agent, "node", ""); err != nil {
		return err
	}
	full := token.Format(t.Server.PEM, "server", t.ServerPassword) + "\n"
	if err := layout.Write(l.Server("token"), []byte(full), 0o600); err != nil {
		return err
	}
	if err := link(l.Server("node-token"), "token"); err != nil {
		return err
	}
	if t.AgentPassword == "" || t.AgentPassword == t.ServerPassword {
		t.AgentPassword = t.ServerPassword
		return link(l.Server("agent-token"), "token")
	}
	_ = os.Remove(l.Server("agent-token"))
	full = token.Format(t.Server.PEM, "node", t.AgentPassword) + "\n"
	return layout.Write(l.Server("agent-token"), []byte(full), 0o600)
}

func (t *Trust) password(given, user, file string) (string, error) {
	kept := ""
	if text, err := os.ReadFile(file); file != "" && err == nil {
		old, err := token.Parse(string(text), user)
		if err != nil {
			return "", fmt.Errorf("%s: %w", file, err)
		}
		kept = old.Password
	}
	if strings.TrimSpace(given) == "" {
		return kept, nil
	}
	parsed, err := token.Parse(given, user)
	if err != nil {
		return "", err
	}
	if err := parsed.Check(t.Server.PEM); err != nil {
		return "", err
	}
	if kept != "" && kept != parsed.Password {
		return "", fmt.Errorf("token: it is not the one this cluster was made with; %s holds that one",
			file)
	}
	return parsed.Password, nil
}

func link(path, target string) error {
	if old, err := os.Readlink(path); err == nil && old == target {
		return nil
	}
	_ = os.Remove(path)
	return os.Symlink(target, path)
}
