package bus

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awstest"
)

// queue is a queue of the emulator, which is asked over plain HTTP: nothing else
// here needs a client of SQS.
type queue struct {
	t        *testing.T
	endpoint string
}

// call makes one call of SQS's query protocol and returns the answer's text
// between two tags.
func (q queue) call(action string, parameters url.Values, tag string) string {
	q.t.Helper()
	parameters.Set("Action", action)
	parameters.Set("Version", "2012-11-05")
	r, err := http.NewRequestWithContext(q.t.Context(), http.MethodPost, q.endpoint, strings.NewReader(parameters.Encode()))
	if err != nil {
		q.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// The emulator finds the service in here and checks nothing.
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260305/eu-central-1/sqs/aws4_request, SignedHeaders=host, Signature=none")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		q.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		q.t.Fatalf("%s: got status %d, %v", action, resp.StatusCode, err)
	}
	decoder := xml.NewDecoder(strings.NewReader(string(body)))
	for {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == tag {
			var text string
			if err := decoder.DecodeElement(&text, &start); err != nil {
				q.t.Fatal(err)
			}
			return text
		}
	}
}

// A rule as docs/events shows it lets an event through to its target, whole, and
// keeps others away.
func TestEventsArriveAtTheTargetOfARule(t *testing.T) {
	endpoint := os.Getenv("IGAUTH_TEST_EVENTBRIDGE")
	if endpoint == "" {
		t.Skip("IGAUTH_TEST_EVENTBRIDGE is not set: make test-emulators")
	}
	client := eventbridge.NewFromConfig(awstest.Config(t, endpoint))
	q := queue{t, endpoint}
	name := awstest.NewName(t)
	address := q.call("CreateQueue", url.Values{"QueueName": {name}}, "QueueUrl")
	arn := "arn:aws:sqs:eu-central-1:123456789012:" + name
	if _, err := client.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{
		Name: &name, EventBusName: &name,
		EventPattern: aws.String(`{"source":["igauth"],"detail-type":["Reauthorization Required"]}`),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: &name, EventBusName: &name, Targets: []types.Target{{Id: aws.String("queue"), Arn: &arn}},
	}); err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{Client: client, Bus: name})
	if err != nil {
		t.Fatal(err)
	}
	other := igauth.Message{Type: igauth.EventRefreshed, At: at, Body: igauth.MessageBody{ID: "other", At: at}}
	wanted := messages(1)[0]
	if err := p.Publish(t.Context(), []igauth.Message{other, wanted}); err != nil {
		t.Fatal(err)
	}
	var arrived []igauth.MessageBody
	for {
		text := q.call("ReceiveMessage", url.Values{"QueueUrl": {address}, "MaxNumberOfMessages": {"1"}}, "Body")
		if text == "" {
			break
		}
		var event struct {
			Source     string             `json:"source"`
			DetailType string             `json:"detail-type"`
			Detail     igauth.MessageBody `json:"detail"`
		}
		if err := json.Unmarshal([]byte(text), &event); err != nil || event.Source != Source || event.DetailType != string(wanted.Type) {
			t.Fatalf("got %s, %v", text, err)
		}
		arrived = append(arrived, event.Detail)
	}
	if len(arrived) != 1 || arrived[0] != wanted.Body {
		t.Errorf("got %+v, want %+v", arrived, wanted.Body)
	}
}
