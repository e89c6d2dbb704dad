package storetest

import (
	"fmt"
	"time"

	"igauth/internal/igauth"
)

// day is the day on which everything in the tests happens: in the future of any
// clock that these tests are run by, since a service with expiry may drop a flow
// that is over.
var day = time.Date(2041, time.March, 5, 6, 7, 8, 0, time.UTC)

// plainAccount is a row with nothing but what every row has.
func plainAccount(id igauth.AccountID) igauth.Account {
	return igauth.Account{
		Profile: igauth.Profile{ID: id},
		Login:   igauth.LoginInstagram,
		Status:  igauth.StatusConnecting,
	}
}

// dueAccount is a plain row that is due at a time.
func dueAccount(id igauth.AccountID, at time.Time) igauth.Account {
	a := plainAccount(id)
	a.Status = igauth.StatusActive
	a.DueAt = at
	return a
}

// fullAccount is a row with a value in every field, and two entries of history.
// Its times have every precision that occurs.
func fullAccount(id igauth.AccountID) igauth.Account {
	return igauth.Account{
		Profile: igauth.Profile{
			ID:          id,
			AppScopedID: "24999999999999999",
			Username:    "bäckerei.größe",
			Name:        `A "name" with <signs>, 🥐 and` + "\ntwo lines",
			AccountType: "MEDIA_CREATOR",
			PageID:      "104999999999999",
		},
		Login:           igauth.LoginFacebook,
		ListedAs:        "facebook/24999999999999999",
		Status:          igauth.StatusExpiring,
		Generation:      1<<53 + 1,
		Ref:             "ref/with+signs=and.dots-1",
		IssuedAt:        day,
		ExpiresAt:       day.Add(60*24*time.Hour + time.Nanosecond),
		DataAccessUntil: day.Add(90*24*time.Hour + 2*time.Nanosecond),
		DataWarnedFor:   day.Add(80*24*time.Hour + 3*time.Nanosecond),
		Scopes:          []string{"instagram_business_basic", "instagram_business_manage_insights"},
		RequestedScopes: []string{"instagram_business_basic"},
		ConnectedAt:     day.Add(-24 * time.Hour),
		CheckedAt:       day.Add(123456789 * time.Nanosecond),
		TriedAt:         day.Add(time.Millisecond),
		Failures:        4,
		LastFailure:     igauth.Failure{At: day.Add(time.Microsecond), Class: igauth.ClassThrottled, Code: "meta_throttled"},
		Doubt:           igauth.Failure{At: day.Add(2*time.Hour + time.Nanosecond), Class: igauth.ClassDead, Code: "token_invalid"},
		WarnedAt:        day.Add(3*time.Hour + 987654321),
		WaitUntil:       day.Add(4*time.Hour + 1),
		DueAt:           day.Add(30 * 24 * time.Hour),
		Lease: igauth.Lease{
			Attempt: "0123456789abcdef0123456789abcdef", Until: day.Add(time.Minute + 1), Work: igauth.WorkConnect, Generation: 1<<53 + 2,
			RequestedScopes: []string{"instagram_business_basic", "instagram_business_manage_comments"},
			Login:           igauth.LoginFacebook, AppScopedID: "24999999999999998", PageID: "104999999999998",
			ConsentedAt: day.Add(-time.Minute),
		},
		Unpromoted: true,
		ConfirmAt:  day.Add(25 * time.Hour),
		EndedAt:    day.Add(-48*time.Hour + time.Nanosecond),
		SweepAt:    day.Add(time.Hour),
		Swept:      true,
		ForgetAt:   day.Add(200 * 365 * 24 * time.Hour),
		Outbox:     []igauth.Event{fullEvent("00000000000000000000000000000001"), fullEvent("00000000000000000000000000000002")},
		History: []igauth.Entry{
			{At: day.Add(-time.Hour), What: igauth.EntryConnected},
			{At: day.Add(1), What: igauth.EntryRefreshFailed, Detail: "meta_throttled"},
		},
	}
}

// fullEvent is an event with a value in every field.
func fullEvent(id string) igauth.Event {
	incident := fullIncident()
	return igauth.Event{
		ID:         id,
		Type:       igauth.EventIncident,
		At:         day.Add(123456789 * time.Nanosecond),
		Code:       "meta_throttled",
		Detail:     "open",
		Status:     igauth.StatusExpiring,
		Generation: 1<<53 + 1,
		ExpiresAt:  day.Add(60*24*time.Hour + time.Nanosecond),
		Incident:   &incident,
	}
}

// fullIncident is an incident with a value in every field.
func fullIncident() igauth.Incident {
	return igauth.Incident{
		ID:         "fedcba9876543210fedcba9876543210",
		Place:      igauth.PlaceRefresh,
		Login:      igauth.LoginFacebook,
		Since:      day.Add(-time.Hour + time.Nanosecond),
		SeenAt:     day.Add(987654321 * time.Nanosecond),
		Class:      igauth.ClassThrottled,
		Code:       "meta_throttled",
		Trials:     3,
		QuietUntil: day.Add(time.Hour + time.Nanosecond),
	}
}

// fullHealth is a health with a value in every field.
func fullHealth() igauth.Health {
	connect := fullIncident()
	connect.ID, connect.Place = "00112233445566778899aabbccddeeff", igauth.PlaceConnect
	return igauth.Health{
		Incidents: []igauth.Incident{fullIncident(), connect},
		RanAt:     day.Add(time.Hour + time.Nanosecond),
		CountedAt: day.Add(time.Microsecond),
		Counts:    map[igauth.Status]int{igauth.StatusActive: 9_999, igauth.StatusReauthRequired: 1, igauth.StatusExpiring: 0},
		Outbox:    []igauth.Event{fullEvent("00000000000000000000000000000003"), fullEvent("00000000000000000000000000000004")},
	}
}

// fullFlow is a flow with a value in every field.
func fullFlow(id igauth.FlowID) igauth.Flow {
	return igauth.Flow{
		ID: id,
		Lease: igauth.Lease{
			Attempt: "fedcba9876543210fedcba9876543210", Until: day.Add(30 * time.Second), Work: igauth.WorkConnect, Generation: 3,
			RequestedScopes: []string{"instagram_business_basic"},
			Login:           igauth.LoginFacebook, AppScopedID: "24999999999999997", PageID: "104999999999997",
			ConsentedAt: day.Add(-time.Minute + 1),
		},
		SealedToken: "c2VhbGVk_LXRva2Vu",
		SealedNames: "c2VhbGVk_LW5hbWVz",
		Account:     "17841401313574613",
		Outcome:     igauth.Outcome{Code: "connected", MissingScopes: []string{"instagram_business_manage_messages"}},
		ClaimHash:   "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		ClaimUntil:  day.Add(time.Minute),
		ClaimedAt:   day.Add(time.Second + 1),
		ExpiresAt:   day.Add(24*time.Hour + 987654321),
	}
}

// fullPerson is a person with a value in every field.
func fullPerson(id igauth.PersonID) igauth.Person {
	return igauth.Person{
		ID:       id,
		Accounts: []igauth.AccountID{"17841401313574612", "17841401313574613"},
		EndedAt:  day.Add(-time.Hour + time.Nanosecond),
		ForgetAt: day.Add(30*24*time.Hour + 987654321),
	}
}

// fullRemoval is a removal with a value in every field, as none ever has: it is
// done and still has accounts.
func fullRemoval(code string) igauth.Removal {
	r := openRemoval(code)
	r.DoneAt = day.Add(2*time.Second + 1)
	return r
}

// openRemoval is a removal that is not done.
func openRemoval(code string) igauth.Removal {
	return igauth.Removal{
		Code:        code,
		Kind:        igauth.RemovalErase,
		RequestedAt: day,
		ReceivedAt:  day.Add(time.Second + 123456789),
		Logins:      []igauth.Login{igauth.LoginFacebook, igauth.LoginInstagram},
		Accounts:    []igauth.AccountID{"17841401313574612", "17841401313574613"},
		Ended:       2,
		ForgetAt:    day.Add(365*24*time.Hour + 1),
	}
}

// removalCode returns the n-th of a row of confirmation codes: 40 hexadecimal
// digits.
func removalCode(n int) string { return fmt.Sprintf("%040x", n) }

// plainFlow is a flow that has just been claimed.
func plainFlow(id igauth.FlowID) igauth.Flow {
	return igauth.Flow{ID: id, ExpiresAt: day.Add(time.Hour)}
}

// accountID returns the n-th of a row of ids of 17 digits, as Meta's are, which
// differ by less than a float could tell apart.
func accountID(n int) igauth.AccountID {
	return igauth.AccountID(fmt.Sprintf("178414013135%05d", n))
}
