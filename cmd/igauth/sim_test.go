package main

import (
	"net"
	"strings"
	"testing"
)

// A port that is taken is said in words that help.
func TestSimOnATakenPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	code, _, errOut := typed("", "sim", "--listen", taken.Addr().String())
	if code != exitFailed || !strings.Contains(errOut, "the port is in use; choose another with --listen") {
		t.Errorf("got exit code %d, %q", code, errOut)
	}
}
