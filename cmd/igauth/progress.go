package main

import (
	"fmt"
	"sync"
	"time"
)

// A progress shows on the terminal how far long work is. A person sees one line
// that changes; a log gets a line now and then.
type progress struct {
	t *terminal
	// every is the time between two lines.
	every time.Duration

	mu   sync.Mutex
	last time.Time
}

func newProgress(t *terminal) *progress {
	if t.live {
		return &progress{t: t, every: 200 * time.Millisecond}
	}
	return &progress{t: t, every: 10 * time.Second, last: time.Now()}
}

// show shows a line if it is time for one.
func (p *progress) show(format string, values ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.last) < p.every {
		return
	}
	p.last = now
	line := fmt.Sprintf(format, values...)
	if p.t.live {
		_, _ = fmt.Fprintf(p.t.err, "\r\x1b[K%s", line)
	} else {
		_, _ = fmt.Fprintln(p.t.err, line)
	}
}

// done takes the changing line away.
func (p *progress) done() {
	if p.t.live {
		_, _ = fmt.Fprint(p.t.err, "\r\x1b[K")
	}
}
