package igsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// stateVersion is raised when the file's meaning changes; a file of another
// version is refused rather than guessed at.
const stateVersion = 1

// pruneEvery is how often dead codes and tokens are dropped, in simulated time.
// What is kept is then bounded by what was issued in about four months.
const pruneEvery = 24 * time.Hour

// state is the content of the state file. The clock is not in it: it belongs to
// whoever made the simulator.
type state struct {
	Version int                    `json:"version"`
	People  map[string]personState `json:"people"` // by username
	Codes   map[string]*authCode   `json:"codes"`  // by their text
	Tokens  map[string]*token      `json:"tokens"` // by their text
	// Facebook is missing in files of simulators that knew only Instagram Login.
	Facebook *facebookState `json:"facebook,omitempty"`
}

// personState is what can change about a test account.
type personState struct {
	AccountType string      `json:"account_type"`
	Refreshes   []time.Time `json:"refreshes,omitempty"`
}

// load takes over the state file, if there is one, and writes it back at once:
// a place that cannot be written to is better known now.
func (s *Simulator) load() error {
	if s.cfg.StateFile == "" {
		return nil
	}
	b, err := os.ReadFile(s.cfg.StateFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("reading the simulator's state: %w", err)
	default:
		var st state
		if err := json.Unmarshal(b, &st); err != nil {
			return fmt.Errorf("reading the simulator's state from %s: %w", s.cfg.StateFile, err)
		}
		if st.Version != stateVersion {
			return fmt.Errorf("reading the simulator's state from %s: version %d instead of %d", s.cfg.StateFile, st.Version, stateVersion)
		}
		s.restore(st)
	}
	if err := s.write(); err != nil {
		return fmt.Errorf("writing the simulator's state: %w", err)
	}
	return nil
}

// restore takes over what belongs to people who still exist.
func (s *Simulator) restore(st state) {
	s.restoreFacebook(st.Facebook)
	for _, p := range s.people {
		if kept, ok := st.People[p.Username]; ok {
			p.AccountType, p.refreshes = kept.AccountType, kept.Refreshes
		}
	}
	for text, code := range st.Codes {
		if code != nil && s.person(code.Username) != nil {
			s.codes[text] = code
		}
	}
	for text, t := range st.Tokens {
		if t != nil && s.person(t.Username) != nil {
			s.tokens[text] = t
		}
	}
}

// save keeps the state after a change. A file that cannot be written does not
// fail the request that caused the change, because Meta would not fail either;
// it is logged. The caller holds s.mu.
func (s *Simulator) save(now time.Time) {
	if now.Sub(s.prunedAt) >= pruneEvery {
		s.prunedAt = now
		s.forgetCodes(now)
		s.forgetTokens(now)
	}
	if s.cfg.StateFile == "" {
		return
	}
	if err := s.write(); err != nil {
		s.log.Error("state not saved", "err", err)
	}
}

// write replaces the state file in one step, so that a crash leaves the old or
// the new one. There is no fsync: a power cut may cost a simulator its state.
func (s *Simulator) write() (err error) {
	st := state{Version: stateVersion, People: map[string]personState{}, Codes: s.codes, Tokens: s.tokens, Facebook: s.fb.state()}
	for _, p := range s.people {
		st.People[p.Username] = personState{AccountType: p.AccountType, Refreshes: p.refreshes}
	}
	b, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	// CreateTemp makes the file 0600, and the directory is the same so that the
	// rename cannot cross file systems.
	f, err := os.CreateTemp(filepath.Dir(s.cfg.StateFile), ".igsim-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(b); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), s.cfg.StateFile)
}
