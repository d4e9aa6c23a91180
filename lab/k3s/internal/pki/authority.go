// Package pki is the cluster's certificate authorities and the certificates they sign.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"time"

	"groundwork.lab/k3s/internal/layout"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 365 * 24 * time.Hour
	renewBefore   = 120 * 24 * time.Hour

	authorityUse = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
)

// Authority is one CA, as read from its two files.
type Authority struct {
	PEM  []byte // the certificate file, byte for byte: the token holds its hash
	cert *x509.Certificate
	key  crypto.Signer
}

// OpenAuthority reads base.crt and base.key, which an operator may have placed beforehand, or
// makes them.
func OpenAuthority(base, name string) (*Authority, error) {
	if _, err := os.Stat(base + ".crt"); errors.Is(err, fs.ErrNotExist) {
		if err := makeAuthority(base, name); err != nil {
			return nil, fmt.Errorf("%s: making the authority: %w", base, err)
		}
	}
	text, err := os.ReadFile(base + ".crt")
	if err != nil {
		return nil, err
	}
	cert, err := certificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s.crt: %w", base, err)
	}
	key, err := readKey(base + ".key")
	if err != nil {
		return nil, err
	}
	if public, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok ||
		!public.Equal(key.Public()) {
		return nil, fmt.Errorf("%s.key: the key is not the one of %s.crt", base, base)
	}
	if !cert.IsCA {
		return nil, fmt.Errorf("%s.crt: the certificate is not an authority (CA:TRUE is missing)", base)
	}
	return &Authority{PEM: text, cert: cert, key: key}, nil
}

func makeAuthority(base, name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: fmt.Sprintf("k3s-%s@%d", name, now.Unix())},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              authorityUse,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	if err := writeKey(base+".key", key); err != nil {
		return err
	}
	return layout.Write(base+".crt", encode("CERTIFICATE", der), 0o644)
}

// EnsureServiceKey makes the RSA key that signs service account tokens, unless it is there.
func EnsureServiceKey(path string) error {
	if _, err := os.Stat(path); err == nil {
		_, err = readKey(path)
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	return layout.Write(path, encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), 0o600)
}

func certificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("there is no PEM certificate in the file")
	}
	return x509.ParseCertificate(block.Bytes)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return layout.Write(path, encode("EC PRIVATE KEY", der), 0o600)
}

// readKey takes every common form: SEC 1, PKCS#1, PKCS#8, with or without EC parameters before it.
func readKey(path string) (crypto.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, fmt.Errorf("%s: there is no private key that can be read", path)
		}
		text = rest
		if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if signer, ok := key.(crypto.Signer); ok {
				return signer, nil
			}
		}
	}
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
