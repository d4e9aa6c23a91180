package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"slices"
	"time"

	"groundwork.lab/k3s/internal/layout"
)

// Subject is what a leaf certificate says of its holder. Names are DNS names or IP addresses.
type Subject struct {
	Name   string
	Groups []string
	Names  []string
	Server bool // may serve
	Client bool // may call
}

// Ensure keeps base.crt and base.key valid for the subject: they are made anew when the authority,
// the subject or its names have changed, and in the last third of their life.
func (a *Authority) Ensure(base string, subject Subject) error {
	key, err := EnsureKey(base + ".key")
	if err != nil {
		return err
	}
	want := subject.template()
	if old, err := os.ReadFile(base + ".crt"); err == nil && a.holds(old, want, key) {
		return nil
	}
	text, err := a.sign(want, key.Public())
	if err != nil {
		return fmt.Errorf("%s.crt: %w", base, err)
	}
	return layout.Write(base+".crt", text, 0o644)
}

// Sign answers a certificate request with a certificate for the subject. The request gives the
// key only.
func (a *Authority) Sign(request []byte, subject Subject) ([]byte, error) {
	parsed, err := x509.ParseCertificateRequest(request)
	if err != nil {
		return nil, err
	}
	if err := parsed.CheckSignature(); err != nil {
		return nil, err
	}
	return a.sign(subject.template(), parsed.PublicKey)
}

// EnsureKey reads an EC key, or makes it.
func EnsureKey(path string) (*ecdsa.PrivateKey, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return key, writeKey(path, key)
	}
	signer, err := readKey(path)
	if err != nil {
		return nil, err
	}
	key, ok := signer.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: the key must be an elliptic curve key", path)
	}
	return key, nil
}

// Request is a certificate request (DER) that shows the key.
func Request(key *ecdsa.PrivateKey) ([]byte, error) {
	return x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
}

func (s Subject) template() *x509.Certificate {
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: s.Name, Organization: s.Groups},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(leafLife),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		BasicConstraintsValid: true,
	}
	if s.Server {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if s.Client {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	for _, name := range s.Names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return template
}

func (a *Authority) sign(template *x509.Certificate, public any) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		return nil, err
	}
	// The authority follows, so that a server's clients get the whole chain.
	return append(encode("CERTIFICATE", der), a.PEM...), nil
}

func (a *Authority) holds(text []byte, want *x509.Certificate, key *ecdsa.PrivateKey) bool {
	got, err := certificate(text)
	if err != nil || time.Until(got.NotAfter) < renewBefore || got.CheckSignatureFrom(a.cert) != nil {
		return false
	}
	return key.PublicKey.Equal(got.PublicKey) &&
		bytes.HasSuffix(text, a.PEM) &&
		got.Subject.String() == want.Subject.String() &&
		slices.Equal(got.DNSNames, want.DNSNames) &&
		slices.EqualFunc(got.IPAddresses, want.IPAddresses, net.IP.Equal) &&
		slices.Equal(got.ExtKeyUsage, want.ExtKeyUsage)
}
