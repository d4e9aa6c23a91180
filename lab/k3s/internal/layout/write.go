package layout

import (
	"bytes"
	"os"
	"path/filepath"
)

// Write puts a file in place whole or not at all, with the folders above it.
func Write(path string, data []byte, mode os.FileMode) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return os.Chmod(path, mode)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	aside := path + ".new"
	if err := os.WriteFile(aside, data, mode); err != nil {
		return err
	}
	if err := os.Chmod(aside, mode); err != nil {
		return err
	}
	return os.Rename(aside, path)
}
