package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func open(t *testing.T, folder, name string) *Authority {
	t.Helper()
	authority, err := OpenAuthority(filepath.Join(folder, name), name)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAnAuthorityThatIsThereIsKeptByteForByte(t *testing.T) {
	folder := t.TempDir()
	open(t, folder, "ca")
	path := filepath.Join(folder, "ca.crt")
	placed := append(read(t, path), "\n\n"...)
	if err := os.WriteFile(path, placed, 0o600); err != nil {
		t.Fatal(err)
	}
	if again := open(t, folder, "ca"); !bytes.Equal(again.PEM, placed) {
		t.Error("the authority's bytes changed, and with them the token's hash")
	}
}

func TestAKeyOfAnotherAuthorityIsRefused(t *testing.T) {
	folder := t.TempDir()
	open(t, folder, "a")
	open(t, folder, "b")
	if err := os.Rename(filepath.Join(folder, "b.key"), filepath.Join(folder, "a.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenAuthority(filepath.Join(folder, "a"), "a"); err == nil ||
		!strings.Contains(err.Error(), "a.key") {
		t.Errorf("err = %v", err)
	}
}

func TestAKeyInPKCS8IsRead(t *testing.T) {
	folder := t.TempDir()
	open(t, folder, "ca")
	path := filepath.Join(folder, "ca.key")
	key, err := readKey(path)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, folder, "ca")
}

func TestALeafIsSignedAgainOnlyWhenItMustBe(t *testing.T) {
	folder := t.TempDir()
	authority := open(t, folder, "ca")
	base := filepath.Join(folder, "leaf")
	subject := Subject{Name: "n", Names: []string{"s1", "192.0.2.1"}, Server: true}
	ensure := func(a *Authority, s Subject) string {
		t.Helper()
		if err := a.Ensure(base, s); err != nil {
			t.Fatal(err)
		}
		return string(read(t, base+".crt"))
	}
	first := ensure(authority, subject)
	if ensure(authority, subject) != first {
		t.Error("an unchanged leaf was signed again")
	}
	subject.Names = append(subject.Names, "192.0.2.100")
	second := ensure(authority, subject)
	if second == first {
		t.Error("a new name is not in the leaf")
	}
	if ensure(open(t, folder, "other"), subject) == second {
		t.Error("a new authority did not sign")
	}
}

func TestARequestGivesItsKeyAndNothingElse(t *testing.T) {
	folder := t.TempDir()
	authority := open(t, folder, "ca")
	key, err := EnsureKey(filepath.Join(folder, "node.key"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := Request(key)
	if err != nil {
		t.Fatal(err)
	}
	subject := Subject{Name: "system:node:a1", Groups: []string{"system:nodes"}}
	text, err := authority.Sign(request, subject)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := certificate(text)
	if err != nil {
		t.Fatal(err)
	}
	if signed.Subject.CommonName != "system:node:a1" || !key.PublicKey.Equal(signed.PublicKey) {
		t.Errorf("signed for %s", signed.Subject)
	}
	request[len(request)-1] ^= 1
	if _, err := authority.Sign(request, Subject{}); err == nil {
		t.Error("a request with a broken signature was answered")
	}
}
