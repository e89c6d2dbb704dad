// Command igauth runs the development server and the simulator of Instagram, and
// looks after accounts, in a folder on this machine or in a deployed stack.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
	"igauth/internal/tokenfile"
)

// version is set when a release is built.
var version = "dev"

// The exit codes.
const (
	exitFailed  = 1 // the command could not do its work
	exitUsage   = 2 // the command line is wrong
	exitNoToken = 3 // the account has no live token
	// exitWarnings is of igauth doctor alone: nothing is wrong, but something may
	// be soon.
	exitWarnings = 4
)

// An exitCode is how a command ends that has said everything already.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// commands is the command line.
type commands struct {
	Dev        devCommand        `cmd:"" help:"Serve everything on this machine, with a simulator of Instagram."`
	Sim        simCommand        `cmd:"" help:"Serve the simulator of Instagram alone."`
	Accounts   accountsCommand   `cmd:"" help:"List and show accounts."`
	Token      tokenCommand      `cmd:"" help:"Print the live token of an account."`
	Import     importCommand     `cmd:"" help:"Bring in tokens that were made elsewhere."`
	Export     exportCommand     `cmd:"" help:"Write the live tokens to a file, to take them elsewhere."`
	Refresh    refreshCommand    `cmd:"" help:"Refresh what is due now, or one account."`
	Reconnect  reconnectCommand  `cmd:"" help:"Print a link by which the owner of an account connects it again."`
	Disconnect disconnectCommand `cmd:"" help:"Take the token of an account away."`
	Erase      eraseCommand      `cmd:"" help:"Forget accounts, with all that is known of them."`
	Keys       keysCommand       `cmd:"" help:"Look after the keys of sealed tokens."`
	Vault      vaultCommand      `cmd:"" help:"Change how a deployed stack keeps its tokens."`
	Policy     policyCommand     `cmd:"" help:"Check a policy and explain it."`
	Doctor     doctorCommand     `cmd:"" help:"Examine a configuration, and say what is wrong with it and how to mend it."`
	Cost       costCommand       `cmd:"" help:"Tell what an installation in AWS costs in a month."`
	Errors     errorsCommand     `cmd:"" help:"List the errors, or explain one: by its code, or by what Meta said."`
	Version    kong.VersionFlag  `help:"Print the version."`
}

// A terminal is what a command reads from and writes to.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	// colours says that a person reads out, live that a person reads err: a line
	// may change there.
	colours, live bool
}

// warn tells of something that does not keep the command from going on.
func (t *terminal) warn(asJSON bool, code igauth.Code, text string) {
	if !asJSON {
		_, _ = fmt.Fprintln(t.err, wrap("igauth: "+text, ""))
		return
	}
	printAs(t.err, "warning", &problem{Code: code, Message: text})
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The second Ctrl-C ends the program at once, also at a prompt.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	var cli commands
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("igauth"),
		kong.Description("Keeps Instagram access tokens alive."),
		kong.Vars{"token_formats": tokenFormats(), "version": version, "sim_app_id": igsim.DefaultAppID, "sim_app_secret": igsim.DefaultAppSecret},
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "igauth:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		if slices.Contains(args, "--json") {
			printProblem(errOut, &problem{Code: "usage", Message: err.Error(), Hint: "igauth --help lists the commands."})
		} else {
			_, _ = fmt.Fprintf(errOut, "igauth: %s\nigauth --help lists the commands.\n", err)
		}
		return exitUsage
	}
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(&terminal{in: in, out: out, err: errOut, colours: isTerminal(out), live: isTerminal(errOut)})
	if code, ok := errors.AsType[exitCode](err); ok {
		return int(code)
	}
	if slices.Contains(args, "--json") {
		return reportJSON(errOut, err)
	}
	return report(errOut, err)
}

// reportJSON tells a program what went wrong, in the form of the API's errors,
// and returns the exit code.
func reportJSON(w io.Writer, err error) int {
	code := report(io.Discard, err)
	if code == 0 {
		return code
	}
	printProblem(w, problemOf(err))
	return code
}

func printProblem(w io.Writer, p *problem) { printAs(w, "error", p) }

func printAs(w io.Writer, member string, p *problem) {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(map[string]*problem{member: p})
}

// A problem is an error as a program reads it: what the API answers, or code,
// message and hint of what the API does not know.
type problem = igauth.Explanation

func problemOf(err error) *problem {
	if e, ok := errors.AsType[*igauth.Error](err); ok {
		p := e.Code.Explain()
		p.Message = message(e)
		return &p
	}
	if unknown, ok := errors.AsType[unknownName](err); ok {
		p := igauth.CodeAccountNotFound.Explain()
		p.Message = unknown.Error()
		return &p
	}
	return &problem{Code: "failed", Message: err.Error()}
}

// message returns what an error means, and which accounts it is about.
func message(e *igauth.Error) string {
	switch e.Code {
	case igauth.CodeSeveralAccounts, igauth.CodeAccountNotShown:
		return e.Code.Message() + ": " + e.Detail
	}
	return e.Code.Message()
}

// tokenFormats are the names of the files that can be imported, for kong.
func tokenFormats() string {
	var names []string
	for _, format := range tokenfile.Formats() {
		names = append(names, string(format))
	}
	return strings.Join(names, ",")
}

// report tells a person what went wrong and returns the exit code.
func report(w io.Writer, err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		_, _ = fmt.Fprintln(w, "igauth: interrupted; what was done stays done")
		return exitFailed
	}
	if e, ok := errors.AsType[*igauth.Error](err); ok {
		_, _ = fmt.Fprintf(w, "igauth: %s (%s)\n", message(e), e.Code)
		explain(w, e.Code.Explain())
		switch e.Code {
		case igauth.CodeReauthRequired, igauth.CodeDisconnected, igauth.CodeValidityShort:
			return exitNoToken
		}
		return exitFailed
	}
	_, _ = fmt.Fprintln(w, "igauth:", err)
	return exitFailed
}
