// Package passwords holds each node to the password it first came with, so that nobody else joins
// under its name.
package passwords

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// ErrMismatch means that the name belongs to a node with another password.
var ErrMismatch = errors.New("node password rejected")

const (
	namespace  = "kube-system"
	key        = "hash"
	iterations = 4096
)

// SecretName is the Secret that holds a node's hash.
func SecretName(node string) string { return node + ".node-password.k3s" }

// Ensure remembers a new node's password, or compares with the one remembered.
func Ensure(ctx context.Context, client kubernetes.Interface, node, password string) error {
	secrets := client.CoreV1().Secrets(namespace)
	secret, err := secrets.Get(ctx, SecretName(node), meta.GetOptions{})
	if apierrors.IsNotFound(err) {
		return create(ctx, client, node, password)
	}
	if err != nil {
		return err
	}
	if !matches(string(secret.Data[key]), password) {
		return fmt.Errorf("%w: %s joined before with another password (/etc/rancher/node/password); "+
			"when the host was rebuilt, delete its Node (which deletes the Secret %s in %s) first",
			ErrMismatch, node, SecretName(node), namespace)
	}
	return nil
}

// Forget deletes what is remembered of a node.
func Forget(ctx context.Context, client kubernetes.Interface, node string) error {
	err := client.CoreV1().Secrets(namespace).Delete(ctx, SecretName(node), meta.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func create(ctx context.Context, client kubernetes.Interface, node, password string) error {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	hash, err := derive(salt, password)
	if err != nil {
		return err
	}
	immutable := true
	secret := &core.Secret{
		ObjectMeta: meta.ObjectMeta{Name: SecretName(node), Namespace: namespace},
		Immutable:  &immutable,
		Data:       map[string][]byte{key: []byte(hash)},
	}
	_, err = client.CoreV1().Secrets(namespace).Create(ctx, secret, meta.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return Ensure(ctx, client, node, password)
	}
	return err
}

func derive(salt []byte, password string) (string, error) {
	sum, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	return hex.EncodeToString(salt) + ":" + hex.EncodeToString(sum), err
}

func matches(hash, password string) bool {
	hexSalt, _, _ := strings.Cut(hash, ":")
	salt, err := hex.DecodeString(hexSalt)
	if err != nil {
		return false
	}
	again, err := derive(salt, password)
	return err == nil && subtle.ConstantTimeCompare([]byte(hash), []byte(again)) == 1
}
