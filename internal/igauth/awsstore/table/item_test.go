package table

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"igauth/internal/igauth"
)

// TestAttributesApart keeps our attributes and the records' fields from meeting
// under one name.
func TestAttributesApart(t *testing.T) {
	ours := []string{attrKey, attrAttempt, attrKind, attrDueShard, attrDueNanos, attrExpiresNanos, attrOutboxSince, attrTTL}
	for _, record := range []reflect.Type{reflect.TypeFor[igauth.Account](), reflect.TypeFor[igauth.Flow](), reflect.TypeFor[igauth.Person](), reflect.TypeFor[igauth.Removal](), reflect.TypeFor[igauth.Health]()} {
		fields := map[string]bool{}
		for _, field := range reflect.VisibleFields(record) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			fields[name] = true
		}
		for _, name := range ours {
			if fields[name] {
				t.Errorf("%s has a field %q, which is an attribute of the table", record, name)
			}
		}
		needed := map[string][]string{"Account": {attrID, attrRevision, attrStatus}, "Flow": {attrRevision}, "Person": {attrRevision}, "Removal": {attrRevision}, "Health": {attrRevision}}[record.Name()]
		for _, name := range needed {
			if !fields[name] {
				t.Errorf("%s has no field %q, on which the table depends", record, name)
			}
		}
		if record.Name() != "Account" && fields[attrStatus] {
			t.Errorf("%s has a field %q, as only accounts may", record, attrStatus)
		}
		if record.Name() == "Removal" && fields[attrID] {
			t.Errorf("%s has a field %q, which is an attribute of those that are open", record, attrID)
		}
	}
}

func TestAccountItem(t *testing.T) {
	due := time.Date(2026, 5, 4, 3, 2, 1, 5, time.FixedZone("CEST", 7200))
	row, err := accountItem(igauth.Account{Profile: igauth.Profile{ID: "17841401313574613"}, Status: igauth.StatusActive, ExpiresAt: due.Add(1), Revision: 7, DueAt: due}, "a1")
	if err != nil {
		t.Fatal(err)
	}
	want := item{
		"pk":            textValue("account#17841401313574613"),
		"id":            textValue("17841401313574613"),
		"app_scoped_id": textValue(""),
		"login":         textValue(""),
		"status":        textValue("active"),
		"kind":          textValue("account"),
		"attempt":       textValue("a1"),
		"revision":      numberValue("7"),
		"generation":    numberValue("0"),
		"due_at":        textValue("2026-05-04T01:02:01.000000005Z"),
		"due_nanos":     numberValue("1777856521000000005"),
		"due_shard":     textValue("2"),
		"expires_at":    textValue("2026-05-04T01:02:01.000000006Z"),
		"expires_nanos": numberValue("1777856521000000006"),
		"doubt":         &types.AttributeValueMemberM{Value: item{}},
		"lease":         &types.AttributeValueMemberM{Value: item{}},
		"last_failure":  &types.AttributeValueMemberM{Value: item{}},
		"scopes":        &types.AttributeValueMemberNULL{Value: true}, // not told, which is not none
	}
	if !reflect.DeepEqual(row, want) {
		for name, value := range row {
			if !reflect.DeepEqual(value, want[name]) {
				t.Errorf("%s is %#v, want %#v", name, value, want[name])
			}
		}
		t.Fatalf("got %d attributes, want %d", len(row), len(want))
	}
}

// The stream's filter sees which rows have something to tell, and no others.
func TestOutboxSince(t *testing.T) {
	at := time.Date(2026, 5, 4, 3, 2, 1, 5, time.FixedZone("CEST", 7200))
	for want, outbox := range map[string][]igauth.Event{
		"":                     nil,
		"2026-05-04T01:02:01Z": {{ID: "1", At: at}, {ID: "2", At: at.Add(time.Hour)}},
	} {
		account, err := accountItem(igauth.Account{Profile: igauth.Profile{ID: "1"}, Outbox: outbox}, "a1")
		if err != nil || text(account["outbox_since"]) != want {
			t.Errorf("account: got %v, %v; want %q", account["outbox_since"], err, want)
		}
		health, err := healthItem(igauth.Health{Outbox: outbox}, "a1")
		if err != nil || text(health["outbox_since"]) != want {
			t.Errorf("health: got %v, %v; want %q", health["outbox_since"], err, want)
		}
	}
}

func TestAccountItemNeverDue(t *testing.T) {
	row, err := accountItem(igauth.Account{Profile: igauth.Profile{ID: "1"}}, "a1")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"due_at", attrDueShard, attrDueNanos} {
		if row[name] != nil {
			t.Errorf("an account that is never due has %s, which puts it into the index", name)
		}
	}
}

// An account without an end is in the index of its status, and one without a
// status, which no key may be, is not.
func TestAccountItemWithoutEndOrStatus(t *testing.T) {
	for status, want := range map[igauth.Status]types.AttributeValue{igauth.StatusActive: textValue("active"), "": nil} {
		row, err := accountItem(igauth.Account{Profile: igauth.Profile{ID: "1"}, Status: status}, "a1")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(row[attrStatus], want) || !reflect.DeepEqual(row[attrExpiresNanos], numberValue("253402300800000000000")) {
			t.Errorf("status %q: got %v and %v", status, row[attrStatus], row[attrExpiresNanos])
		}
	}
}

// A removal is in the index of accounts as long as it is not done, under a kind of
// its own; a person never is.
func TestRemovalItem(t *testing.T) {
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	r := igauth.Removal{
		Code: "c0de", Revision: 2, Kind: igauth.RemovalErase, RequestedAt: at, ReceivedAt: at, Logins: []igauth.Login{igauth.LoginInstagram}, Ended: 1, ForgetAt: at.Add(1),
	}
	want := item{
		"pk":           textValue("removal#c0de"),
		"code":         textValue("c0de"),
		"revision":     numberValue("2"),
		"asks_for":     textValue("erase"),
		"requested_at": textValue("2026-05-04T03:02:01Z"),
		"received_at":  textValue("2026-05-04T03:02:01Z"),
		"logins":       &types.AttributeValueMemberL{Value: []types.AttributeValue{textValue("instagram")}},
		"ended":        numberValue("1"),
		"forget_at":    textValue("2026-05-04T03:02:01.000000001Z"),
		"ttl":          numberValue("1777863722"),
		"attempt":      textValue("a1"),
		"kind":         textValue("removal"),
		"id":           textValue("c0de"),
	}
	row, err := removalItem(r, "a1")
	if err != nil || !reflect.DeepEqual(row, want) {
		t.Errorf("open: got %v, %v, want %v", row, err, want)
	}
	r.DoneAt = at
	delete(want, "kind")
	delete(want, "id")
	want["done_at"] = want["received_at"]
	row, err = removalItem(r, "a1")
	if err != nil || !reflect.DeepEqual(row, want) {
		t.Errorf("done: got %v, %v, want %v", row, err, want)
	}
}

func TestPersonItem(t *testing.T) {
	p := igauth.Person{ID: "facebook/24", Revision: 2, Accounts: []igauth.AccountID{"17841401313574613"}, EndedAt: time.Unix(1777777777, 0), ForgetAt: time.Unix(1777777777, 5)}
	want := item{
		"pk":        textValue("person#facebook/24"),
		"id":        textValue("facebook/24"),
		"revision":  numberValue("2"),
		"accounts":  &types.AttributeValueMemberL{Value: []types.AttributeValue{textValue("17841401313574613")}},
		"ended_at":  textValue("2026-05-03T03:09:37Z"),
		"forget_at": textValue("2026-05-03T03:09:37.000000005Z"),
		"ttl":       numberValue("1777777778"),
		"attempt":   textValue("a1"),
	}
	row, err := personItem(p, "a1")
	if err != nil || !reflect.DeepEqual(row, want) {
		t.Errorf("got %v, %v, want %v", row, err, want)
	}
	row, err = personItem(igauth.Person{ID: "facebook/24"}, "a1")
	if err != nil || row[attrTTL] != nil {
		t.Errorf("a person who is kept has the ttl %v, %v", row[attrTTL], err)
	}
}

func TestHealthItem(t *testing.T) {
	row, err := healthItem(igauth.Health{Revision: 3}, "a1")
	want := item{"pk": textValue("health"), "attempt": textValue("a1"), "revision": numberValue("3")}
	if err != nil || !reflect.DeepEqual(row, want) {
		t.Errorf("got %v, %v, want %v", row, err, want)
	}
}

func TestFlowItem(t *testing.T) {
	end := time.Unix(1777777777, 0)
	for _, test := range []struct {
		at   time.Time
		want types.AttributeValue
	}{
		{time.Time{}, nil},
		{end, numberValue("1777777777")},
		{end.Add(1), numberValue("1777777778")},
	} {
		row, err := flowItem(igauth.Flow{ID: "f1", ExpiresAt: test.at}, "a1")
		if err != nil {
			t.Fatal(err)
		}
		if got := row[attrTTL]; !reflect.DeepEqual(got, test.want) {
			t.Errorf("a flow until %v has the ttl %v, want %v", test.at, got, test.want)
		}
		if row[attrKind] != nil {
			t.Error("a flow has a kind, which puts it into the index of accounts")
		}
		row, err = accountItem(igauth.Account{Profile: igauth.Profile{ID: "17841401313574613"}, ForgetAt: test.at}, "a1")
		if err != nil {
			t.Fatal(err)
		}
		if got := row[attrTTL]; !reflect.DeepEqual(got, test.want) {
			t.Errorf("an account to be forgotten at %v has the ttl %v, want %v", test.at, got, test.want)
		}
	}
}

func TestNanos(t *testing.T) {
	for at, want := range map[time.Time]string{
		time.Unix(0, 0):          "0",
		time.Unix(-5, 0):         "0",
		time.Unix(1, 0):          "1000000000",
		time.Unix(1777777777, 9): "1777777777000000009",
		time.Date(2500, 1, 1, 0, 0, 0, 1, time.UTC): "16725225600000000001",
	} {
		got := nanos(at)
		if got != want {
			t.Errorf("%v is %s, want %s", at, got, want)
		}
		if back := fromNanos(got); want != "0" && !back.Equal(at) || want == "0" && !back.IsZero() {
			t.Errorf("%s is %v, want %v", got, back, at)
		}
	}
}

// No end is behind the farthest one, and what the version before wrote for it is
// still understood.
func TestEndNanos(t *testing.T) {
	far := time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	if a, b := endNanos(far), endNanos(time.Time{}); len(a) != len(b) || a >= b {
		t.Errorf("the end %s is not before %s, which is none", a, b)
	}
	for digits, want := range map[string]time.Time{
		endNanos(far): far, endNanos(time.Time{}): {}, "0": {}, endNanos(time.Unix(1777777777, 9)): time.Unix(1777777777, 9).UTC(),
	} {
		if got := endFromNanos(digits); got != want {
			t.Errorf("%s is %v, want %v", digits, got, want)
		}
	}
}

func TestNoNanos(t *testing.T) {
	for _, digits := range []string{"", "0", "x", "17778565210000000x5", "x777856521000000005", "-1"} {
		if at := fromNanos(digits); !at.IsZero() {
			t.Errorf("%q is %v, want no time", digits, at)
		}
	}
}

// TestShards pins the hash, and that it spreads accounts of neighbouring ids.
func TestShards(t *testing.T) {
	counts := map[string]int{}
	for n := range 1000 {
		counts[shardOf(igauth.AccountID(strconv.Itoa(17841401313574613+n)))]++
	}
	for _, shard := range []string{"0", "1", "2", "3"} {
		if counts[shard] < 150 {
			t.Errorf("shard %s has %d of 1000 accounts", shard, counts[shard])
		}
	}
	if got := shardOf("17841401313574613"); got != "2" {
		t.Errorf("the account is in shard %s", got)
	}
}

// A row that cannot be read is left out and named, and the others are read.
func TestDamagedRowsAreLeftOut(t *testing.T) {
	good, err := accountItem(igauth.Account{Profile: igauth.Profile{ID: "17841401313574613"}}, "a1")
	if err != nil {
		t.Fatal(err)
	}
	bad, err := accountItem(igauth.Account{Profile: igauth.Profile{ID: "17841401313574614"}}, "a2")
	if err != nil {
		t.Fatal(err)
	}
	bad["expires_at"] = textValue("soon")
	accounts, err := decodeAll[igauth.Account]([]item{bad, good})
	if len(accounts) != 1 || accounts[0].ID != "17841401313574613" || !errors.Is(err, igauth.ErrDamaged) || !strings.Contains(err.Error(), "17841401313574614") {
		t.Errorf("got %d accounts, %v", len(accounts), err)
	}
}
