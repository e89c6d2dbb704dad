package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A devServer is the built command, as a newcomer runs it.
type devServer struct {
	url, sim, key string
}

// startDev runs `igauth dev` with a folder of its own and waits until it is
// ready.
func startDev(t *testing.T, args ...string) devServer {
	t.Helper()
	binary, err := filepath.Abs("../build/igauth")
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"dev", "--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0", "--data", t.TempDir()}, args...)
	cmd := exec.Command(binary, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: make build/igauth first", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("igauth dev: %v", err)
		}
	})
	var s devServer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		for label, to := range map[string]*string{"Home page": &s.url, "Simulator": &s.sim, "API key": &s.key} {
			if value, ok := strings.CutPrefix(line, label); ok {
				*to = strings.TrimSuffix(strings.TrimSpace(value), "/")
			}
		}
		if strings.HasPrefix(line, "Stop with") {
			go func() { // keep the pipe empty
				for lines.Scan() {
				}
			}()
			resp, err := http.Get(s.url + "/healthz")
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatalf("healthz: %v, %v", resp, err)
			}
			_ = resp.Body.Close()
			return s
		}
	}
	t.Fatal("igauth dev did not become ready")
	return s
}

// startSite serves a website to which visitors return, and which shows what it is
// told.
func startSite(t *testing.T) string {
	t.Helper()
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if referrer := r.Referer(); strings.Contains(referrer, "code=") || strings.Contains(referrer, "state=") {
			t.Errorf("the site is told %s", referrer)
		}
		_, _ = fmt.Fprintf(w, "the site sees %s", r.URL.RawQuery)
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = site.Listener.Close()
	site.Listener = listener
	site.Start()
	t.Cleanup(site.Close)
	return site.URL
}
