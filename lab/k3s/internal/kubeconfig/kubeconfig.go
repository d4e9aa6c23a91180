// Package kubeconfig is the files by which the parts of a node reach the API.
package kubeconfig

import (
	"encoding/base64"
	"fmt"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"groundwork.lab/k3s/internal/layout"
)

const template = `apiVersion: v1
kind: Config
clusters:
- name: default
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: default
  user:
    client-certificate%s
    client-key%s
contexts:
- name: default
  context: {cluster: default, user: default}
current-context: default
`

// Write makes a kubeconfig that names its client's certificate and key files, so that renewal
// reaches it.
func Write(path, server string, ca []byte, base string) error {
	text := fmt.Sprintf(template, server, encode(ca), ": "+base+".crt", ": "+base+".key")
	return layout.Write(path, []byte(text), 0o600)
}

// WritePortable makes a kubeconfig that holds all it needs and can be carried to another machine.
func WritePortable(path, server string, ca []byte, base string, mode os.FileMode) error {
	cert, err := os.ReadFile(base + ".crt")
	if err != nil {
		return err
	}
	key, err := os.ReadFile(base + ".key")
	if err != nil {
		return err
	}
	text := fmt.Sprintf(template, server, encode(ca), "-data: "+encode(cert), "-data: "+encode(key))
	return layout.Write(path, []byte(text), mode)
}

// Read is a client's configuration, without a limit on how often it may ask.
func Read(path string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	return config, nil
}

func encode(data []byte) string { return base64.StdEncoding.EncodeToString(data) }
