package emf

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, time.March, 5, 6, 7, 8, 9e6, time.UTC)

func pointer(n float64) *float64 { return &n }

func TestLines(t *testing.T) {
	for name, test := range map[string]struct {
		metrics Metrics
		want    []string
	}{
		"a run of an empty installation": {
			Metrics{At: at, Stack: "igauth", RunSeconds: 0.25},
			[]string{`{"Due":0,"OpenIncidents":0,"OutboxSeconds":0,"Refreshed":0,"RemovalsLate":0,"RunSeconds":0.25,"Stack":"igauth","_aws":{"Timestamp":1772690828009,"CloudWatchMetrics":[{"Namespace":"igauth","Dimensions":[["Stack"]],"Metrics":[{"Name":"Due","Unit":"Count"},{"Name":"Refreshed","Unit":"Count"},{"Name":"RunSeconds","Unit":"Seconds"},{"Name":"OpenIncidents","Unit":"Count"},{"Name":"OutboxSeconds","Unit":"Seconds"},{"Name":"RemovalsLate","Unit":"Count"}]}]}}`},
		},
		"all there is": {
			Metrics{
				At: at, Stack: "shop", MinDaysToExpiry: pointer(29.5), Due: 7, Refreshed: 4, RunSeconds: 12, OpenIncidents: 1,
				OutboxSeconds: 900, RemovalsLate: 2, AppUsagePercent: pointer(41),
				AccountsByStatus: map[string]int{"expiring": 0, "active": 120},
				FailedByClass:    map[string]int{"transient": 1, "dead": 0},
			},
			[]string{
				`{"AppUsagePercent":41,"Due":7,"MinDaysToExpiry":29.5,"OpenIncidents":1,"OutboxSeconds":900,"Refreshed":4,"RemovalsLate":2,"RunSeconds":12,"Stack":"shop","_aws":{"Timestamp":1772690828009,"CloudWatchMetrics":[{"Namespace":"igauth","Dimensions":[["Stack"]],"Metrics":[{"Name":"Due","Unit":"Count"},{"Name":"Refreshed","Unit":"Count"},{"Name":"RunSeconds","Unit":"Seconds"},{"Name":"OpenIncidents","Unit":"Count"},{"Name":"OutboxSeconds","Unit":"Seconds"},{"Name":"RemovalsLate","Unit":"Count"},{"Name":"MinDaysToExpiry","Unit":"None"},{"Name":"AppUsagePercent","Unit":"Percent"}]}]}}`,
				`{"AccountsByStatus":120,"Stack":"shop","Status":"active","_aws":{"Timestamp":1772690828009,"CloudWatchMetrics":[{"Namespace":"igauth","Dimensions":[["Stack","Status"]],"Metrics":[{"Name":"AccountsByStatus","Unit":"Count"}]}]}}`,
				`{"AccountsByStatus":0,"Stack":"shop","Status":"expiring","_aws":{"Timestamp":1772690828009,"CloudWatchMetrics":[{"Namespace":"igauth","Dimensions":[["Stack","Status"]],"Metrics":[{"Name":"AccountsByStatus","Unit":"Count"}]}]}}`,
				`{"Class":"transient","FailedByClass":1,"Stack":"shop","_aws":{"Timestamp":1772690828009,"CloudWatchMetrics":[{"Namespace":"igauth","Dimensions":[["Stack","Class"]],"Metrics":[{"Name":"FailedByClass","Unit":"Count"}]}]}}`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := Write(&out, test.metrics); err != nil {
				t.Fatal(err)
			}
			if got, want := out.String(), strings.Join(test.want, "\n")+"\n"; got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// What a line calls a metric or a dimension must be one of its own members: a
// number, or a text. CloudWatch passes over a line where that is not so.
func TestLinesAreAsSpecified(t *testing.T) {
	var out bytes.Buffer
	if err := Write(&out, Metrics{At: at, Stack: "s", MinDaysToExpiry: pointer(1), AccountsByStatus: map[string]int{"active": 1}, FailedByClass: map[string]int{"dead": 1}}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		var members map[string]any
		var head struct {
			AWS header `json:"_aws"`
		}
		if err := errors.Join(json.Unmarshal([]byte(line), &members), json.Unmarshal([]byte(line), &head)); err != nil {
			t.Fatal(err)
		}
		for _, d := range head.AWS.CloudWatchMetrics {
			if len(d.Dimensions) != 1 || len(d.Dimensions[0]) > 30 || len(d.Metrics) > 100 || d.Namespace != Namespace {
				t.Errorf("got %+v", d)
			}
			for _, name := range d.Dimensions[0] {
				if text, ok := members[name].(string); !ok || text == "" {
					t.Errorf("the dimension %s is %v", name, members[name])
				}
			}
			for _, definition := range d.Metrics {
				if _, ok := members[definition.Name].(float64); !ok {
					t.Errorf("the metric %s is %v", definition.Name, members[definition.Name])
				}
			}
		}
	}
}

// A line is written whole or not at all.
func TestFailures(t *testing.T) {
	var out bytes.Buffer
	if err := Write(&out, Metrics{RunSeconds: math.NaN(), AccountsByStatus: map[string]int{"active": 1}}); err == nil || out.Len() > 0 {
		t.Errorf("no number: got %v and %q", err, &out)
	}
	if err := Write(broken{}, Metrics{}); !errors.Is(err, errBroken) {
		t.Errorf("no output: got %v", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestSignedRequestsAreCountedByTheSecret(t *testing.T) {
	var out bytes.Buffer
	if err := WriteSignedRequest(&out, at, "shop", "meta_previous"); err != nil {
		t.Fatal(err)
	}
	want := `{"Secret":"meta_previous","SignedRequests":1,"Stack":"shop","_aws":{"Timestamp":1772690828009,"CloudWatchMetrics":[{"Namespace":"igauth","Dimensions":[["Stack","Secret"]],"Metrics":[{"Name":"SignedRequests","Unit":"Count"}]}]}}` + "\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
	if err := WriteSignedRequest(broken{}, at, "shop", "meta"); err == nil {
		t.Error("a line that was lost is no error")
	}
}
