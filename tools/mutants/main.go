// Command mutants makes deliberate mistakes in the program, one at a time, and
// requires of each that a named test fails. A mistake that no test notices is a
// hole in the tests.
//
// The mistakes are changes of the source that only the compiler sees, by its
// option -overlay; no file is touched. `go -C tools run ./mutants` runs all of
// them, with -only those whose names match a regular expression. Before the first
// it looks whether the source still has each text, once, that a mistake changes,
// and each test; with -check it does no more than that.
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
	"regexp"
	"slices"
	"time"
)

func main() {
	root := flag.String("root", "..", "folder of the program's module")
	only := flag.String("only", "", "make only the mistakes whose names match this regular expression")
	checkOnly := flag.Bool("check", false, "only look whether every mistake can be made")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err == nil {
		err = check(*root)
	}
	if *checkOnly && err == nil {
		fmt.Printf("%d mistakes can be made\n", len(mutants))
		return
	}
	survived := 0
	if err == nil {
		survived, err = run(*root, pattern)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if survived > 0 {
		fmt.Fprintf(os.Stderr, "%d mistakes were not noticed\n", survived)
		os.Exit(1)
	}
}

// check looks, for all mistakes, whether they can be made: names are different,
// the text that is to be changed stands once in its file, and the package has the
// test. The error names every one that cannot.
func check(root string) error {
	var problems []error
	names := map[string]bool{}
	for _, m := range mutants {
		problem := func(format string, values ...any) {
			problems = append(problems, fmt.Errorf("%s: "+format, append([]any{m.name}, values...)...))
		}
		if names[m.name] {
			problem("another mistake has this name")
		}
		names[m.name] = true
		source, err := os.ReadFile(filepath.Join(root, m.file))
		if err != nil {
			problem("%w", err)
		} else if n := bytes.Count(source, []byte(m.right)); n != 1 {
			problem("%s has the text %d times that is to be changed: %q", m.file, n, m.right)
		}
		tests, err := filepath.Glob(filepath.Join(root, m.pkg, "*_test.go"))
		if err != nil {
			problem("%w", err)
		}
		if !slices.ContainsFunc(tests, func(path string) bool {
			text, err := os.ReadFile(path)
			return err == nil && bytes.Contains(text, []byte("\nfunc "+m.test+"(t *testing.T)"))
		}) {
			problem("%s has no test %s", m.pkg, m.test)
		}
	}
	return errors.Join(problems...)
}

// run makes the mistakes and returns how many of them no test noticed.
func run(root string, only *regexp.Regexp) (survived int, err error) {
	if root, err = filepath.Abs(root); err != nil {
		return 0, err
	}
	killed := 0
	passes := map[string]bool{}
	for _, m := range mutants {
		if !only.MatchString(m.name) {
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
