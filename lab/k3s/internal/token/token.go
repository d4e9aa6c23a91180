// Package token is K3s' join token: K10<hash of the CA>::<user>:<password>, or the password alone.
package token

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const prefix = "K10"

// Token is a parsed join token. Without a Hash the server's CA is taken on trust.
type Token struct {
	Hash     string
	User     string
	Password string
}

// ErrCA means that the server is not the one the token was made for.
var ErrCA = errors.New("token CA hash does not match the cluster's CA certificate hash")

// Parse reads a token; one that is only a password is the given user's.
func Parse(raw, user string) (Token, error) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return Token{}, errors.New("token: none was given; set token in the configuration or K3S_TOKEN")
	}
	if !strings.HasPrefix(raw, prefix) {
		return Token{User: user, Password: raw}, nil
	}
	hash, credentials, found := strings.Cut(strings.TrimPrefix(raw, prefix), "::")
	name, password, both := strings.Cut(credentials, ":")
	if digest, err := hex.DecodeString(hash); !found || !both || password == "" || err != nil ||
		len(digest) != sha256.Size {
		return Token{}, errors.New("token: it begins with K10 and is not K10<sha256>::<user>:<password>")
	}
	return Token{Hash: hash, User: name, Password: password}, nil
}

// Hash is what a token says of the CA: the sha256 of the bytes served at /cacerts.
func Hash(ca []byte) string {
	sum := sha256.Sum256(ca)
	return hex.EncodeToString(sum[:])
}

// Format is the secure token of a user of the cluster with this CA.
func Format(ca []byte, user, password string) string {
	return fmt.Sprintf("%s%s::%s:%s", prefix, Hash(ca), user, password)
}

// Check refuses a CA the token was not made for.
func (t Token) Check(ca []byte) error {
	if got := Hash(ca); t.Hash != "" && t.Hash != got {
		return fmt.Errorf("%w: %s != %s", ErrCA, t.Hash, got)
	}
	return nil
}
