package igauth

import (
	"fmt"
	"slices"
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
	took := make([]time.Duration, 0, b.N)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		_, err := verifySignedRequest(text, secrets, metaClock)
		took = append(took, time.Since(start))
		if err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-µs")
}
