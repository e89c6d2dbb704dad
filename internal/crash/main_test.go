package crash_test

import (
	"flag"
	"os"
	"runtime/debug"
	"testing"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Thousands of small worlds come and go. Memory is cheaper than collecting
	// them often.
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
