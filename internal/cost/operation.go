package cost

// How often things happen.
const (
	// hoursPerMonth is how AWS counts a month of 365/12 days.
	hoursPerMonth = 730
	daysPerMonth  = hoursPerMonth / 24.0

	// runsPerMonth is of the schedule in template.yaml: one an hour.
	runsPerMonth = hoursPerMonth
	// refreshesPerMonth of an account: at half of 60 days, which makes 12.2 a
	// year.
	refreshesPerMonth = daysPerMonth / 30
	// probesPerMonth of an account: every 22 hours at most, see
	// igauth.Policy.ProbeEvery.
	probesPerMonth = hoursPerMonth / 22.0
	// connectsPerMonth of an account is an assumption: one in fifty is connected
	// or connected again in a month.
	connectsPerMonth = 0.02
	// windowsPerMonth is how many times five minutes a month has. So long
	// DynamoDB keeps the key of a table for a caller
	// (https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html),
	// and so long, or longer, our functions keep a fixed secret.
	windowsPerMonth = hoursPerMonth * 12.0
)

// What functions take. All are assumptions: time on Lambda was not measured.
const (
	// refreshMemory and webMemory are in GB, as in template.yaml.
	refreshMemory = 0.25
	webMemory     = 0.5
	// secondsPerRun is the start of a run and its look at what is due.
	secondsPerRun = 2
	// secondsPerAccount is what each account adds to a run. Sixteen are worked on
	// at a time, so that what counts is the pace at which Meta is asked, which is
	// ten a second, see igauth.RefresherConfig.PerSecond.
	secondsPerAccount = 0.1
	// secondsPerTell is the sending of a row's events.
	secondsPerTell = 0.2
	// secondsPerRead is a token read, a start now and then included.
	secondsPerRead = 0.05
	// secondsPerConnect is the three requests of a connection, of which the
	// callback waits for Meta.
	secondsPerConnect = 3

	// requestsPerConnect are /authorize, /callback and the claim.
	requestsPerConnect = 3
	// logPerRequest is what the gateway's and Lambda's own lines come to, and
	// logPerLine a line of ours, in bytes.
	logPerRequest = 1200
	logPerLine    = 300
)

// The shape of the index of what is due, as in the package table, and how many
// accounts a run reads at a time.
const (
	shards   = 4
	runBatch = 100
)

// An operation is something that the program does, as what it is charged for.
type operation struct {
	writes      float64 // DynamoDB's write request units
	reads       float64 // DynamoDB's read request units
	secretCalls float64 // calls of Secrets Manager
	keyRequests float64 // requests that Secrets Manager makes of KMS
	apiRequests float64
	invocations float64
	events      float64 // sent to EventBridge
	gbSeconds   float64
	logBytes    float64
}

// times returns what an operation costs that is done n times.
func (o operation) times(n float64) operation {
	return operation{
		writes: n * o.writes, reads: n * o.reads,
		secretCalls: n * o.secretCalls, keyRequests: n * o.keyRequests,
		apiRequests: n * o.apiRequests, invocations: n * o.invocations, events: n * o.events,
		gbSeconds: n * o.gbSeconds, logBytes: n * o.logBytes,
	}
}

func (o operation) plus(p operation) operation {
	return operation{
		writes: o.writes + p.writes, reads: o.reads + p.reads,
		secretCalls: o.secretCalls + p.secretCalls, keyRequests: o.keyRequests + p.keyRequests,
		apiRequests: o.apiRequests + p.apiRequests, invocations: o.invocations + p.invocations, events: o.events + p.events,
		gbSeconds: o.gbSeconds + p.gbSeconds, logBytes: o.logBytes + p.logBytes,
	}
}

// refresh is the renewal of one token. The row is claimed and committed, and its
// event is told; where the vault keeps tokens, one more save says that the new one
// was promoted, and the vault is asked to get, to put and to move the label. Getting a value is one
// request to KMS, and so is putting one; moving a label is none
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html).
func refresh(v Vault, row int) operation {
	o := operation{writes: 2*saveUnits(row) + statusMove, gbSeconds: refreshMemory * secondsPerAccount, logBytes: logPerLine}
	if v == SecretsManager {
		o.writes += stayUnits(row)
		o.secretCalls, o.keyRequests = 3, 2
	}
	return o.plus(due(row)).plus(tell(row))
}

// tell is the sending of what a change wrote into a row: a function is invoked by
// the table's stream, the reading of which is free for it
// (https://aws.amazon.com/dynamodb/pricing/on-demand/), reads the row, and saves it
// without its event.
func tell(row int) operation {
	return operation{
		writes: saveUnits(row), reads: readUnits(row), invocations: 1, events: 1,
		gbSeconds: refreshMemory * secondsPerTell, logBytes: logPerRequest,
	}
}

// probe is one question to Meta whether a token lives.
func probe(v Vault, row int) operation {
	o := operation{writes: saveUnits(row), gbSeconds: refreshMemory * secondsPerAccount}
	if v == SecretsManager {
		o.secretCalls, o.keyRequests = 1, 1
	}
	return o.plus(due(row))
}

// due is what an account adds to a run's reads: its row comes from the index,
// where reads are eventually consistent and count half.
func due(row int) operation {
	return operation{reads: 0.5 * float64(row) / (4 * kilobyte)}
}

// look is a question what is due, apart from the rows of the answer: all shards
// are asked, and an answer that holds nothing counts as 4 KB.
func look() operation { return operation{reads: shards * 0.5} }

// looks returns how often runs look for work in all shards: once, and once more
// for every full page of each of them.
func looks(runs, accounts float64) float64 {
	return runs + accounts/(runBatch*shards)
}

// run is a run of the refresh without its accounts and its looks: the health is
// read, in the index of names which removals are open, and in the index of statuses
// who expires next, of two statuses, and how many have each of four. In the end the
// health is saved. That more is read to count many accounts is left out: up to ten
// thousand are counted in every run and more once a day, which costs less than a
// cent a month, and three cents for a million.
func run() operation {
	return operation{
		writes:      1,
		reads:       1 + (1+2+4)*0.5,
		invocations: 1, gbSeconds: refreshMemory * secondsPerRun, logBytes: logPerRequest + logPerLine,
	}
}

// read is one token handed out by the API: the row, and the token's value where
// the vault keeps it.
func read(v Vault, row int) operation {
	o := operation{reads: readUnits(row), apiRequests: 1, invocations: 1, gbSeconds: webMemory * secondsPerRead, logBytes: logPerRequest + logPerLine}
	if v == SecretsManager {
		o.secretCalls, o.keyRequests = 1, 1
	}
	return o
}

// flow and person are the sizes of a flow and of a person in units of either kind.
const (
	flow   = 1
	person = 1
)

// connect is one connection, from the link to the claim. The flow is claimed;
// flow and account are saved together before the token is stored and after. The
// row and the person are read before. A vault that keeps tokens makes a secret, which takes a
// refused put, then the making, and a look whether the label is where it should
// be; the row is saved once more. Its event is told. That a new account
// enters two indexes of keys, and that its person is written, is made up for by its
// row, which is not full yet.
func connect(v Vault, row int) operation {
	o := operation{
		writes:      flow + 2*pairUnits(row) + statusMove,
		reads:       readUnits(row) + person,
		apiRequests: requestsPerConnect,
		invocations: requestsPerConnect,
		gbSeconds:   webMemory * secondsPerConnect,
		logBytes:    requestsPerConnect * (logPerRequest + logPerLine),
	}
	if v == SecretsManager {
		o.writes += stayUnits(row)
		o.secretCalls, o.keyRequests = 3, 1
	}
	return o.plus(redeem(row)).plus(tell(row))
}

// redeem is the stores' part of redeeming a claim: the flow is read and saved,
// and the row is read.
func redeem(row int) operation {
	return operation{writes: flow, reads: flow + readUnits(row)}
}
