package scale

import (
	"context"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// heapNow returns how many bytes are in use after a collection.
func heapNow() uint64 {
	runtime.GC()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// sampleEvery is how often the heap is measured.
const sampleEvery = 100 * time.Millisecond

// peakHeap returns the most that was in use while do ran.
func peakHeap(do func()) uint64 {
	done, peak := make(chan struct{}), make(chan uint64)
	go func() {
		most := heapNow()
		ticks := time.NewTicker(sampleEvery)
		defer ticks.Stop()
		for {
			select {
			case <-done:
				peak <- max(most, heapNow())
				return
			case <-ticks.C:
				most = max(most, heapNow())
			}
		}
	}()
	do()
	close(done)
	return <-peak
}

const megabyte = 1 << 20

// grudging fails for every fourth token. Such failures are held until it is known
// that they are not the app's.
type grudging struct {
	generous
	asked atomic.Int64
}

func (g *grudging) RefreshToken(ctx context.Context, token igauth.Secret) (igauth.Token, error) {
	if g.asked.Add(1)%4 == 0 {
		return igauth.Token{}, &igauth.Error{Code: igauth.CodeMetaUnavailable, Class: igauth.ClassTransient, Sent: true}
	}
	return g.generous.RefreshToken(ctx, token)
}

// What a run keeps of each account for longer than it works on it would show here:
// a row has three kilobytes, fifteen thousand of them 45 MB.
func TestMemoryDoesNotGrowWithWhatIsDue(t *testing.T) {
	const less, more = 5_000, 20_000
	peak := func(due int) uint64 {
		w := newBolt(t) // its rows are in the file, and not in the heap
		w.mustFill(t, due, due)
		return peakHeap(func() {
			report, _, err := w.run(t.Context(), &grudging{}, 8, -1)
			if err != nil || report.Due != due || report.Refreshed != due-due/4 || report.Failed[igauth.ClassTransient] != due/4 {
				t.Errorf("got %+v, %v; want %d due, of which a quarter failed", report, err, due)
			}
		})
	}
	// Whatever is made once is made before.
	peak(100)
	ofLess, ofMore := peak(less), peak(more)
	t.Logf("%d due: %.1f MB, %d due: %.1f MB", less, float64(ofLess)/megabyte, more, float64(ofMore)/megabyte)
	if ofMore > ofLess+4*megabyte {
		t.Errorf("%d due need %d bytes, %d only %d", more, ofMore, less, ofLess)
	}
}
