package table

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awstest"
)

// wire returns a ledger whose requests are noted, each of which is answered with
// a text, and a function that compares the last one.
func wire(t *testing.T, answer string) (*Ledger, func(target, body string)) {
	t.Helper()
	var gotTarget string
	var gotBody []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gotTarget = r.Header.Get("X-Amz-Target")
		gotBody, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	l := newLedger(t, dynamodb.NewFromConfig(awstest.Config(t, server.URL)), "ledger")
	return l, func(target, body string) {
		t.Helper()
		if gotTarget != "DynamoDB_20120810."+target {
			t.Errorf("the target is %q, want %s", gotTarget, target)
		}
		if !sameJSON(t, string(gotBody), body) {
			t.Errorf("the request is\n%s\nwant\n%s", gotBody, body)
		}
	}
}

// TestWire pins what one conditional write is on the wire, so that no update of
// the SDK changes it unnoticed.
func TestWire(t *testing.T) {
	l, was := wire(t, "{}")
	f := igauth.Flow{
		ID:        "f1",
		Revision:  4,
		Account:   "17841401313574613",
		ExpiresAt: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
	}
	if err := l.Save(t.Context(), igauth.Change{Flow: &f, Attempt: "0123456789abcdef0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	was("PutItem", `{
		"TableName": "ledger",
		"Item": {
			"pk": {"S": "flow#f1"},
			"id": {"S": "f1"},
			"revision": {"N": "5"},
			"account": {"S": "17841401313574613"},
			"lease": {"M": {}},
			"outcome": {"M": {}},
			"expires_at": {"S": "2026-05-04T03:02:01Z"},
			"ttl": {"N": "1777863721"},
			"attempt": {"S": "0123456789abcdef0123456789abcdef"}
		},
		"ConditionExpression": "revision = :revision",
		"ExpressionAttributeValues": {":revision": {"N": "4"}},
		"ReturnValuesOnConditionCheckFailure": "ALL_OLD"
	}`)
}

// TestWireOfDue pins how a page is asked for, and that its mark is the one of the
// answer.
func TestWireOfDue(t *testing.T) {
	l, was := wire(t, `{"Items": [], "Count": 0, "LastEvaluatedKey": {
		"pk": {"S": "account#17841401313574613"}, "due_shard": {"S": "2"}, "due_nanos": {"N": "1777863721000000009"}
	}}`)
	now := time.Date(2026, 5, 4, 3, 2, 1, 9, time.UTC)
	_, next, err := l.Due(t.Context(), igauth.DueQuery{
		Shard: 2, Now: now, After: igauth.DueMark{At: now.Add(-1), ID: "17841401313574612"}, Limit: 7,
	})
	if want := (igauth.DueMark{At: now, ID: "17841401313574613"}); err != nil || next != want {
		t.Errorf("got the mark %v, %v, want %v", next, err, want)
	}
	was("Query", `{
		"TableName": "ledger",
		"IndexName": "due",
		"KeyConditionExpression": "due_shard = :shard AND due_nanos <= :now",
		"ExpressionAttributeValues": {":shard": {"S": "2"}, ":now": {"N": "1777863721000000009"}},
		"ExclusiveStartKey": {
			"pk": {"S": "account#17841401313574612"}, "due_shard": {"S": "2"}, "due_nanos": {"N": "1777863721000000008"}
		},
		"Limit": 7
	}`)
}

// TestWireOfStatus pins how accounts of a status are asked for and counted.
func TestWireOfStatus(t *testing.T) {
	l, was := wire(t, `{"Items": [{
		"pk": {"S": "account#17841401313574613"}, "status": {"S": "active"}, "expires_nanos": {"N": "1777863721000000009"}
	}], "Count": 1}`)
	got, err := l.Expiries(t.Context(), igauth.StatusActive, 3)
	want := []igauth.Expiry{{ID: "17841401313574613", EndsAt: time.Date(2026, 5, 4, 3, 2, 1, 9, time.UTC)}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	was("Query", `{
		"TableName": "ledger",
		"IndexName": "status",
		"KeyConditionExpression": "#status = :status",
		"ExpressionAttributeNames": {"#status": "status"},
		"ExpressionAttributeValues": {":status": {"S": "active"}},
		"Limit": 3
	}`)
	n, err := l.Count(t.Context(), igauth.StatusActive)
	if err != nil || n != 1 {
		t.Errorf("got %d, %v, want 1", n, err)
	}
	was("Query", `{
		"TableName": "ledger",
		"IndexName": "status",
		"KeyConditionExpression": "#status = :status",
		"ExpressionAttributeNames": {"#status": "status"},
		"ExpressionAttributeValues": {":status": {"S": "active"}},
		"Select": "COUNT"
	}`)
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}
