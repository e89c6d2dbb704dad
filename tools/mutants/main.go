// Command mutants makes deliberate mistakes in the program, one at a time, and
// requires of each that a named test fails. A mistake that no test notices is a
// hole in the tests.
//
// The mistakes are changes of the source that only the compiler sees, by its
// option -overlay; no file is touched. `go -C tools run ./mutants` runs all of
// them, with -only those whose names contain a text.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	root := flag.String("root", "..", "folder of the program's module")
	only := flag.String("only", "", "make only the mistakes whose names contain this")
	flag.Parse()
	survived, err := run(*root, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if survived > 0 {
		fmt.Fprintf(os.Stderr, "%d mistakes were not noticed\n", survived)
		os.Exit(1)
	}
}

// run makes the mistakes and returns how many of them no test noticed.
func run(root, only string) (survived int, err error) {
	if root, err = filepath.Abs(root); err != nil {
		return 0, err
	}
	killed := 0
	passes := map[string]bool{}
	for _, m := range mutants {
		if !strings.Contains(m.name, only) {
			continue
		}
		began := time.Now()
		// A test that fails anyway notices nothing.
		if key := fmt.Sprint(m.pkg, m.test, m.args); !passes[key] {
			if out, err := m.command(root, "").CombinedOutput(); err != nil {
				return survived, fmt.Errorf("%s fails without any mistake: %s", m.test, tail(out))
			}
			passes[key] = true
		}
		noticed, err := m.noticed(root)
		if err != nil {
			return survived, fmt.Errorf("%s: %w", m.name, err)
		}
		verdict := "killed by " + m.test
		if noticed {
			killed++
		} else {
			survived++
			verdict = "SURVIVED " + m.test
		}
		fmt.Printf("%-62s %s (%.0f s)\n", m.name, verdict, time.Since(began).Seconds())
	}
	fmt.Printf("%d mistakes, %d noticed\n", killed+survived, killed)
	return survived, nil
}

// noticed reports whether the named test fails with the mistake. That the mistake
// does not compile, or that another test fails, is an error.
func (m mutant) noticed(root string) (bool, error) {
	path := filepath.Join(root, m.file)
	source, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	if n := bytes.Count(source, []byte(m.right)); n != 1 {
		return false, fmt.Errorf("%s has the text %d times that is to be changed: %q", m.file, n, m.right)
	}
	dir, err := os.MkdirTemp("", "igauth-mutant-")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	changed := filepath.Join(dir, filepath.Base(path))
	if err := os.WriteFile(changed, bytes.Replace(source, []byte(m.right), []byte(m.wrong), 1), 0o600); err != nil {
		return false, err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		return false, err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return false, err
	}
	out, err := m.command(root, list).CombinedOutput()
	if err == nil {
		return false, nil
	}
	if _, failed := errors.AsType[*exec.ExitError](err); !failed || !bytes.Contains(out, []byte("--- FAIL: "+m.test)) {
		return false, fmt.Errorf("the test did not run: %s", tail(out))
	}
	return true, nil
}

// command returns the run of the mutant's test with an overlay, "" for none.
func (m mutant) command(root, overlay string) *exec.Cmd {
	args := []string{"test", "-vet=off", "-timeout=5m", "-overlay", overlay, "-run", "^" + m.test + "$", m.pkg}
	command := exec.Command("go", append(args, m.args...)...)
	command.Dir = root
	return command
}

// tail returns the end of an output.
func tail(out []byte) string {
	const most = 2000
	return string(out[max(0, len(out)-most):])
}
