package scale

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// metaLatency is set in a process of this test's that is nothing but Meta.
const metaLatency = "IGAUTH_SCALE_META_LATENCY"

func TestMain(m *testing.M) {
	if text := os.Getenv(metaLatency); text != "" {
		if err := serveMeta(text); err != nil {
			fmt.Fprintln(os.Stderr, "the simulator:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveMeta serves the simulator until standard input ends. It writes its address
// and a token as the first line.
func serveMeta(text string) error {
	latency, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	m, err := newMeta(0)
	if err != nil {
		return err
	}
	go func() { _ = m.Serve(listener) }()
	host := "http://" + listener.Addr().String()
	token, err := m.connect(context.Background(), host, nil)
	if err != nil {
		return err
	}
	m.setLatency(latency)
	fmt.Println(host, token.Reveal())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// A process is a simulator whose memory is not that of a run.
type process struct {
	host  string
	token igauth.Secret
}

// startMeta starts a process, which ends with the test.
func startMeta(t *testing.T, latency time.Duration) process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), metaLatency+"="+latency.String())
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	host, token, found := strings.Cut(strings.TrimSpace(line), " ")
	if err != nil || !found {
		t.Fatal("the simulator did not start")
	}
	return process{host, igauth.NewSecret(token)}
}

// stats asks for what the simulator has seen since it was asked last.
func (p process) stats(t *testing.T) (s stats) {
	t.Helper()
	resp, err := http.Get(p.host + statsPath)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}
