package table

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awstest"
)

// TestWire pins what one conditional write is on the wire, so that no update of
// the SDK changes it unnoticed.
func TestWire(t *testing.T) {
	var target string
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target = r.Header.Get("X-Amz-Target")
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		io.WriteString(w, "{}")
	}))
	defer server.Close()
	l := newLedger(t, dynamodb.NewFromConfig(awstest.Config(t, server.URL)), "ledger")
	f := igauth.Flow{
		ID:        "f1",
		Revision:  4,
		Account:   "17841401313574613",
		ExpiresAt: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
	}
	if err := l.Save(t.Context(), igauth.Change{Flow: &f, Attempt: "0123456789abcdef0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	if target != "DynamoDB_20120810.PutItem" {
		t.Errorf("the target is %q", target)
	}
	const want = `{
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
	}`
	if !sameJSON(t, string(body), want) {
		t.Errorf("the request is\n%s\nwant\n%s", body, want)
	}
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
