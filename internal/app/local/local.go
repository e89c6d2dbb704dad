// Package local composes what lives in a folder on a laptop: the embedded ledger,
// the sealed vault, the keys, and the clock that the development server may have
// moved.
package local

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"igauth/internal/app"
	"igauth/internal/igauth"
	"igauth/internal/igauth/boltstore"
	"igauth/internal/igauth/sealed"
)

// The files of a folder. All are readable by their owner only.
const (
	ledgerFile   = "ledger.db"
	vaultKeyFile = "vault-keys.json"
	stateKeyFile = "state-key"
	apiKeyFile   = "api-key"
	recordFile   = "installation.json"
	lockFile     = "server.lock"
	// AuditFile has a line for each token that somebody reads.
	AuditFile = "audit.log"
	// SimulatorFile is where the development server's simulator keeps its people
	// and tokens.
	SimulatorFile = "simulator.json"
)

// A Record is what a folder remembers of the server that used it last, so that
// the command finds the same Instagram and the same time.
type Record struct {
	AppID string `json:"app_id"`
	// Real says that the accounts are of Meta's Instagram, not the simulator's.
	Real bool `json:"real"`
	// PublicURL is the origin under which browsers reached the server.
	PublicURL string `json:"public_url"`
	// WWW, API and Graph are the hosts of Instagram.
	WWW   string `json:"www"`
	API   string `json:"api"`
	Graph string `json:"graph"`
	// MetaAppID is the app of Facebook Login, empty if that is off, and FacebookWWW
	// and FacebookGraph are its hosts.
	MetaAppID     string `json:"meta_app_id,omitempty"`
	FacebookWWW   string `json:"facebook_www,omitempty"`
	FacebookGraph string `json:"facebook_graph,omitempty"`
	// Policy says when accounts are due, as igauth.ParsePolicy reads it.
	Policy string `json:"policy,omitempty"`
	// ClockOffset is how far the clock was moved ahead, such as "720h0m0s".
	ClockOffset string `json:"clock_offset"`
}

// A Folder is an open data directory.
type Folder struct {
	Record Record
	// APIKey opens the development server's token path.
	APIKey igauth.Secret
	// Offset is how far the clock was moved ahead.
	Offset time.Duration

	dir      string
	stateKey igauth.Secret
	ledger   *boltstore.Ledger
	vault    *sealed.Vault
	keyset   keysetFile
}

// ErrEmpty says that a folder holds no installation.
var ErrEmpty = errors.New("no accounts are kept in this folder; `igauth dev` makes one")

// Open opens a folder that Create made, or returns ErrEmpty.
func Open(dir string, now func() time.Time) (*Folder, error) {
	if _, err := os.Stat(filepath.Join(dir, recordFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrEmpty)
	}
	return Create(dir, now)
}

// Create opens a folder, and makes it and its keys where they are missing. The
// clock is the embedded ledger's; nil means the system's.
func Create(dir string, now func() time.Time) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(dir, err)
	}
	f := &Folder{dir: dir}
	var err error
	if f.stateKey, err = f.secret(stateKeyFile); err != nil {
		return nil, err
	}
	if f.APIKey, err = f.secret(apiKeyFile); err != nil {
		return nil, err
	}
	if f.keyset, err = openKeyset(f.Path(vaultKeyFile), f.Path(ledgerFile)); err != nil {
		return nil, err
	}
	f.vault = sealed.New(f.keyset.source)
	if err := f.readRecord(); err != nil {
		return nil, err
	}
	if f.ledger, err = boltstore.Open(filepath.Join(dir, ledgerFile), now); err != nil {
		return nil, err
	}
	return f, nil
}

// unusable says in plain words why a file or a folder cannot be used.
func unusable(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%s is no folder, or is in a place that is none: choose another with --data", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("you have no permission for %s: choose another folder with --data, or have its owner allow it", path)
	}
	if fault, ok := errors.AsType[*fs.PathError](err); ok {
		err = fault.Err
	}
	return fmt.Errorf("%s cannot be used: %w", path, err)
}

// Lock makes this process the folder's only server until the returned function
// is called: two servers would have two clocks and two simulators over one
// ledger. The lock is that of an open bbolt file, which every system knows and
// takes back when the process ends.
func (f *Folder) Lock() (unlock func(), err error) {
	unlock, err = lock(f.Path(lockFile))
	if errors.Is(err, igauth.ErrConflict) {
		return nil, fmt.Errorf("the folder %s is in use by another `igauth dev`; stop that one, or choose another folder with --data", f.dir)
	}
	return unlock, err
}

// lock takes a file for this process, or is igauth.ErrConflict.
func lock(path string) (unlock func(), err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 500 * time.Millisecond})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s: %w", path, igauth.ErrConflict)
	}
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return func() { _ = db.Close() }, nil
}

// Empty reports whether no account was ever kept in the folder.
func (f *Folder) Empty(ctx context.Context) (bool, error) {
	accounts, err := f.ledger.Accounts(ctx, "", 1)
	return len(accounts) == 0, err
}

// Close closes the ledger.
func (f *Folder) Close() error { return f.ledger.Close() }

// Path returns the path of a file in the folder.
func (f *Folder) Path(name string) string { return filepath.Join(f.dir, name) }

// Parts returns the wired parts of the folder, with the hosts and the address
// that its record names. The policy is its caller's to set.
func (f *Folder) Parts(now func() time.Time, log *slog.Logger) app.Parts {
	return app.Parts{
		Settings: app.Settings{
			AppID: f.Record.AppID, PublicURL: f.Record.PublicURL, WWW: f.Record.WWW, API: f.Record.API, Graph: f.Record.Graph,
			MetaAppID: f.Record.MetaAppID, FacebookWWW: f.Record.FacebookWWW, FacebookGraph: f.Record.FacebookGraph,
		},
		StateKeys: func(context.Context) ([]igauth.Secret, error) {
			return []igauth.Secret{f.stateKey}, nil
		},
		Ledger:    f.ledger,
		Vault:     f.vault,
		Keyset:    f.keyset,
		Audit:     auditFile(f.Path(AuditFile)),
		PerSecond: -1,
		Now:       now,
		Log:       log,
	}
}

// Policy returns the policy of the server that used the folder last.
func (f *Folder) Policy() (igauth.Policy, error) {
	policy, err := igauth.ParsePolicy(f.Record.Policy)
	if err != nil {
		return igauth.Policy{}, fmt.Errorf("the policy in %s: %w", f.Path(recordFile), err)
	}
	return policy, nil
}

// Now is the clock of the folder: the real time and what it was moved ahead.
func (f *Folder) Now() time.Time { return time.Now().Add(f.Offset) }

// Remember writes the record.
func (f *Folder) Remember(r Record) error {
	offset, err := time.ParseDuration(r.ClockOffset)
	if err != nil {
		return fmt.Errorf("the clock's offset: %w", err)
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	f.Record, f.Offset = r, offset
	return write(f.Path(recordFile), append(data, '\n'))
}

func (f *Folder) readRecord() error {
	data, err := os.ReadFile(f.Path(recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unusable(f.Path(recordFile), err)
	}
	const mend = "; restore it, or choose another folder with --data"
	if err := json.Unmarshal(data, &f.Record); err != nil {
		return errors.New(f.Path(recordFile) + " is damaged: it is no JSON that igauth has written" + mend)
	}
	if f.Offset, err = time.ParseDuration(f.Record.ClockOffset); err != nil {
		return errors.New(f.Path(recordFile) + " is damaged: the clock's offset is no duration" + mend)
	}
	return nil
}

// secret reads a key of 43 characters from a file, and makes it if it is
// missing.
func (f *Folder) secret(name string) (igauth.Secret, error) {
	data, err := os.ReadFile(f.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		var raw [32]byte
		if _, err := rand.Read(raw[:]); err != nil {
			return igauth.Secret{}, err
		}
		data = []byte(base64.RawURLEncoding.EncodeToString(raw[:]))
		err = write(f.Path(name), append(data, '\n'))
	}
	if err != nil {
		return igauth.Secret{}, unusable(f.Path(name), err)
	}
	key := strings.TrimSpace(string(data))
	if len(key) < 32 {
		return igauth.Secret{}, fmt.Errorf("%s is damaged: a key has at least 32 characters", f.Path(name))
	}
	return igauth.NewSecret(key), nil
}

// write replaces a file whole, so that a crash leaves the old one or the new
// one.
func write(path string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
