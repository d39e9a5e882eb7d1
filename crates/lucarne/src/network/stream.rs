//! TCP connections and listeners.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};
use lucarne_providers::network::interface::SocketProxy;
use lucarne_providers::network::option;
use lucarne_services::{Bytes, CallError, Container, Pending, Value};

use super::socket_address;
use super::steps::steps;

/// The maximum number of bytes that a call sends.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// A TCP connection. It closes when it is dropped.
///
/// - It asks for bytes only when it is read, and holds at most 64 KiB that were not read yet. So a container that does
///   not read makes its peer wait.
/// - A write sends at most 64 KiB, and waits while the peer does not read. There is no buffer: bytes that were written
///   are with the provider, and a flush has nothing to do.
/// - A read that is dropped loses no bytes. A write that is dropped may have sent some.
/// - `close`, of [`AsyncWrite`], ends the sending direction: the peer reads to the end.
#[derive(Debug)]
pub struct TcpStream {
    container: Container,
    socket: SocketProxy,
    reading: Option<Pending<Option<Bytes>, CallError>>,
    /// The bytes that have arrived. The first `taken` of them were read.
    arrived: Bytes,
    taken: usize,
    is_at_end: bool,
    writing: Option<Writing>,
    closing: Option<Pending<(), CallError>>,
    is_closed: bool,
}

/// A write that has not ended.
#[derive(Debug)]
struct Writing {
    data: Bytes,
    sending: Pending<usize, CallError>,
}

impl TcpStream {
    pub(super) fn new(container: Container, socket: SocketProxy) -> TcpStream {
        TcpStream {
            container,
            socket,
            reading: None,
            arrived: Bytes::new(),
            taken: 0,
            is_at_end: false,
            writing: None,
            closing: None,
            is_closed: false,
        }
    }

    /// Returns the own address.
    ///
    /// # Errors
    /// If the connection is broken.
    pub fn local_address(&self) -> Pending<SocketAddr, io::Error> {
        local_address(&self.container, &self.socket)
    }

    /// Returns the address of the peer.
    ///
    /// # Errors
    /// If the connection is broken.
    pub fn peer_address(&self) -> Pending<SocketAddr, io::Error> {
        let socket = self.socket.clone();
        steps(&self.container, async move { socket_address(socket.peer_address().await?) })
    }

    /// Sets whether small packets are sent at once.
    ///
    /// # Errors
    /// If the network does not have the option.
    pub fn set_no_delay(&self, is_on: bool) -> Pending<(), io::Error> {
        let socket = self.socket.clone();
        steps(&self.container, async move {
            Ok(socket.set_option(option::TCP_NO_DELAY, Value::Bool(is_on)).await?)
        })
    }
}

impl AsyncBufRead for TcpStream {
    fn poll_fill_buf(self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let stream = self.get_mut();
        if stream.taken == stream.arrived.len() && !stream.is_at_end {
            (stream.arrived, stream.taken) = (Bytes::new(), 0);
            let reading = stream.reading.get_or_insert_with(|| stream.socket.read());
            let read = ready!(Pin::new(reading).poll(polled));
            stream.reading = None;
            match read? {
                Some(data) => stream.arrived = data,
                None => stream.is_at_end = true,
            }
        }
        Poll::Ready(Ok(&stream.arrived[stream.taken..]))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        let stream = self.get_mut();
        stream.taken = stream.arrived.len().min(stream.taken + count);
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        polled: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let arrived = ready!(self.as_mut().poll_fill_buf(polled))?;
        let count = arrived.len().min(buffer.len());
        buffer[..count].copy_from_slice(&arrived[..count]);
        self.consume(count);
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(self: Pin<&mut Self>, polled: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        let piece = &buffer[..buffer.len().min(WRITE_BYTES_MAX)];
        if piece.is_empty() {
            return Poll::Ready(Ok(0));
        }
        // A write of other bytes was dropped before its end: its call is canceled.
        stream.writing.take_if(|writing| !piece.starts_with(&writing.data));
        let writing = stream.writing.get_or_insert_with(|| {
            let data = Bytes::copy_from_slice(piece);
            Writing { data: data.clone(), sending: stream.socket.write(data) }
        });
        let sent = ready!(Pin::new(&mut writing.sending).poll(polled));
        stream.writing = None;
        Poll::Ready(Ok(sent?))
    }

    /// Waits for a write that was dropped before its end, if there is one.
    fn poll_flush(self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if let Some(writing) = &mut stream.writing {
            let sent = ready!(Pin::new(&mut writing.sending).poll(polled));
            stream.writing = None;
            sent?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(polled))?;
        let stream = self.get_mut();
        if !stream.is_closed {
            let closing = stream.closing.get_or_insert_with(|| stream.socket.tcp_close_write());
            let closed = ready!(Pin::new(closing).poll(polled));
            (stream.closing, stream.is_closed) = (None, true);
            closed?;
        }
        Poll::Ready(Ok(()))
    }
}

/// A socket that accepts TCP connections. It closes when it is dropped.
#[derive(Debug)]
pub struct TcpListener {
    container: Container,
    socket: SocketProxy,
}

impl TcpListener {
    pub(super) fn new(container: Container, socket: SocketProxy) -> TcpListener {
        TcpListener { container, socket }
    }

    /// Waits for a connection. One that arrives while this is dropped is closed.
    ///
    /// # Errors
    /// If no descriptor is left for it, or the provider has ended.
    pub fn accept(&self) -> Pending<TcpStream, io::Error> {
        let (container, socket) = (self.container.clone(), self.socket.clone());
        steps(&self.container, async move { Ok(TcpStream::new(container, socket.tcp_accept().await?)) })
    }

    /// Returns the own address. It has the port that was chosen for port 0.
    ///
    /// # Errors
    /// If the provider has ended.
    pub fn local_address(&self) -> Pending<SocketAddr, io::Error> {
        local_address(&self.container, &self.socket)
    }
}

pub(super) fn local_address(container: &Container, socket: &SocketProxy) -> Pending<SocketAddr, io::Error> {
    let socket = socket.clone();
    steps(container, async move { socket_address(socket.local_address().await?) })
}
