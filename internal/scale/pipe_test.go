package scale

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// A pipe is a network within the process, for virtual time: a socket would keep
// the clock from moving on.
type pipe struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func newPipe() *pipe {
	return &pipe{connections: make(chan net.Conn), closed: make(chan struct{})}
}

// transport returns a transport whose every connection leads to the listener.
func (p *pipe) transport() *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: 1000,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			near, far := net.Pipe()
			select {
			case p.connections <- far:
				return near, nil
			case <-p.closed:
				return nil, net.ErrClosed
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	}
}

// Accept, Close and Addr make it a net.Listener.
func (p *pipe) Accept() (net.Conn, error) {
	select {
	case conn := <-p.connections:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listening.
func (p *pipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr is a name for error messages.
func (p *pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
