// Package deploy applies what lies in server/manifests, and applies a file again when it changes.
package deploy

import (
	"context"
	"crypto/sha256"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"groundwork.lab/k3s/internal/apply"
)

const interval = time.Second

// Watcher is the folder's state as it was applied last.
type Watcher struct {
	Folder  string
	Applier *apply.Applier
	applied map[string][sha256.Size]byte
	told    map[string]string
}

// Run looks until the context ends. A file that is taken away leaves its objects, as with K3s.
func (w *Watcher) Run(ctx context.Context) {
	w.applied, w.told = map[string][sha256.Size]byte{}, map[string]string{}
	for {
		for _, file := range w.files() {
			w.file(ctx, file)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}

// files are the manifests, sub-folders included, without those that have a .skip beside them.
func (w *Watcher) files() []string {
	var found []string
	_ = filepath.WalkDir(w.Folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		switch filepath.Ext(path) {
		case ".yaml", ".yml", ".json":
			if _, err := os.Stat(path + ".skip"); err != nil {
				found = append(found, path)
			}
		}
		return nil
	})
	return found
}

func (w *Watcher) file(ctx context.Context, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return // gone since the folder was read
	}
	sum := sha256.Sum256(text)
	if w.applied[path] == sum {
		return
	}
	objects, err := apply.Parse(text)
	if err == nil {
		err = w.Applier.Apply(ctx, objects)
	}
	if err == nil {
		w.applied[path] = sum
		delete(w.told, path)
		slog.Info("Applied manifest", "file", path, "objects", len(objects))
		return
	}
	if said := strings.ReplaceAll(err.Error(), "\n", "; "); said != w.told[path] && ctx.Err() == nil {
		w.told[path] = said
		slog.Warn("A manifest is not applied yet, trying again", "file", path, "error", said)
	}
}
