package igauth

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkSignedRequest verifies a request of 1 KB under four secrets, of which
// the last one matches, and reports the 99th percentile.
func BenchmarkSignedRequest(b *testing.B) {
	secrets := []SigningSecret{
		{LabelInstagram, NewSecret("first secret of the app")}, {LabelInstagramPrevious, NewSecret("second secret of the app")},
		{LabelMeta, NewSecret("third secret of the app")}, {LabelMetaPrevious, NewSecret(metaSecret)},
	}
	payload := metaPayload[:len(metaPayload)-1] + `,"user":{"country":"de","locale":"de_DE"},"more":[`
	for i := range 60 {
		payload += fmt.Sprintf("%d,", 100000+i)
	}
	payload += `0]}`
	for len(signPayload(metaSecret, payload)) < 1024 {
		payload += " "
	}
	text := signPayload(metaSecret, payload)
	// The calls by the tenths of a microsecond that they took, and at the end those
	// that took longer. It does not grow, which would be work for the collector that
	// the verification does not make.
	var took [10_000]int
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		_, err := verifySignedRequest(text, secrets, metaClock)
		tenths := time.Since(start) / (100 * time.Nanosecond)
		took[min(int(tenths), len(took)-1)]++
		if err != nil {
			b.Fatal(err)
		}
	}
	at, slower := len(took)-1, took[len(took)-1]
	for slower <= b.N/100 && at > 0 {
		at--
		slower += took[at]
	}
	b.ReportMetric(float64(at+1)/10, "p99-µs")
}
