package bus

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awstest"
)

var at = time.Date(2026, time.March, 5, 6, 7, 8, 0, time.UTC)

func messages(n int) []igauth.Message {
	list := make([]igauth.Message, n)
	for i := range list {
		list[i] = igauth.Message{Type: igauth.EventReauthRequired, At: at, Body: igauth.MessageBody{
			ID: fmt.Sprintf("%032d", i), At: at, AccountID: "17841400000010111", Username: "maria.bakes",
			Code: igauth.CodePasswordChanged, ReconnectURL: "https://connect.example/authorize?reconnect=CANARY",
		}}
	}
	return list
}

// publish publishes to a server that answers with a status and a body, and
// returns the request's members.
func publish(t *testing.T, name string, list []igauth.Message, status int, body string) (request map[string]any, calls int, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		if got := r.Header.Get("X-Amz-Target"); got != "AWSEvents.PutEvents" {
			t.Errorf("called %s", got)
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	defer server.Close()
	p, err := New(Config{Client: eventbridge.NewFromConfig(awstest.Config(t, server.URL)), Bus: name})
	if err != nil {
		t.Fatal(err)
	}
	err = p.Publish(t.Context(), list)
	return request, calls, err
}

const accepted = `{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`

func TestEventIsSentAsItIs(t *testing.T) {
	for name, want := range map[string]string{"": "default", "mine": "mine"} {
		request, calls, err := published(t, name, messages(1), accepted)
		if err != nil || calls != 1 {
			t.Fatalf("got %v after %d calls", err, calls)
		}
		entries := request["Entries"].([]any)
		entry := entries[0].(map[string]any)
		if len(entries) != 1 || entry["Source"] != "igauth" || entry["DetailType"] != "Reauthorization Required" || entry["EventBusName"] != want || entry["Time"] != float64(at.Unix()) || entry["Resources"] != nil {
			t.Errorf("got %v", entry)
		}
		var body igauth.MessageBody
		if err := json.Unmarshal([]byte(entry["Detail"].(string)), &body); err != nil || body != messages(1)[0].Body {
			t.Errorf("got the detail %v, %v", entry["Detail"], err)
		}
	}
}

func published(t *testing.T, name string, list []igauth.Message, body string) (map[string]any, int, error) {
	t.Helper()
	return publish(t, name, list, http.StatusOK, body)
}

// A call that succeeds may still have refused an event, and says so in its
// answer only. Its words may quote the event.
func TestRefusedEventIsAnError(t *testing.T) {
	_, _, err := published(t, "", messages(3), `{"FailedEntryCount":2,"Entries":[{"EventId":"1"},`+
		`{"ErrorCode":"ThrottlingException","ErrorMessage":"CANARY"},{"ErrorCode":"InternalFailure","ErrorMessage":"CANARY"}]}`)
	if err == nil || err.Error() != "publishing events: EventBridge refused 2 of 3: InternalFailure, ThrottlingException" {
		t.Errorf("got %v", err)
	}
}

func TestRefusedCallIsAnError(t *testing.T) {
	_, calls, err := publish(t, "", messages(1), http.StatusBadRequest, `{"__type":"AccessDeniedException","message":"no"}`)
	if err == nil || !strings.Contains(err.Error(), "AccessDeniedException") || strings.Contains(err.Error(), "CANARY") || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

func TestNumberOfEvents(t *testing.T) {
	if _, calls, err := published(t, "", nil, accepted); err != nil || calls != 0 {
		t.Errorf("no event: got %v after %d calls", err, calls)
	}
	if request, calls, err := published(t, "", messages(igauth.MaxMessages), accepted); err != nil || calls != 1 || len(request["Entries"].([]any)) != igauth.MaxMessages {
		t.Errorf("as many as there may be: got %v after %d calls", err, calls)
	}
	if _, calls, err := published(t, "", messages(igauth.MaxMessages+1), accepted); err == nil || calls != 0 {
		t.Errorf("too many: got %v after %d calls", err, calls)
	}
}

func TestPublisherNeedsAClient(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("got a publisher without a client")
	}
}
