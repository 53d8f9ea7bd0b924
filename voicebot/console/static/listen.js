// Listening in: raw stereo PCM (s16le, 8 kHz) off the network, piece after piece onto the speaker.
"use strict";

const RATE = 8000;
const LEAD_S = 0.2; // what is kept ahead, against an uneven network
const listenButton = document.getElementById("listen");
const listening = document.getElementById("listening");
let stopListening = null;

function playPiece(context, bytes, at) {
  const frames = bytes.byteLength >> 2;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const buffer = context.createBuffer(2, frames, RATE);
  for (const side of [0, 1]) {
    const samples = buffer.getChannelData(side);
    for (let nth = 0; nth < frames; nth += 1) {
      samples[nth] = view.getInt16(nth * 4 + side * 2, true) / 32768;
    }
  }
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  // Late: start anew a little ahead; what is missing is silence.
  const start = at > context.currentTime ? at : context.currentTime + LEAD_S;
  source.start(start);
  return start + frames / RATE;
}

async function listenIn(path, abort) {
  const context = new AudioContext();
  abort.signal.addEventListener("abort", () => context.close());
  const answer = await fetch(path, { signal: abort.signal });
  if (!answer.ok) throw new Error("听不到：通话已结束，或监听的人太多。");
  listening.textContent = "正在监听";
  const reader = answer.body.getReader();
  let rest = new Uint8Array(0);
  let at = 0;
  let heard = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const all = new Uint8Array(rest.length + value.length);
    all.set(rest);
    all.set(value, rest.length);
    const whole = all.length - (all.length % 4);
    if (whole) at = playPiece(context, all.subarray(0, whole), at);
    rest = all.slice(whole);
    heard += whole / 4;
    listenButton.dataset.heardMs = String(Math.round((heard / RATE) * 1000));
  }
}

listenButton?.addEventListener("click", async () => {
  if (stopListening) {
    stopListening();
    return;
  }
  const abort = new AbortController();
  stopListening = () => abort.abort();
  listenButton.setAttribute("aria-pressed", "true");
  listenButton.textContent = "停止监听";
  try {
    await listenIn(listenButton.dataset.path, abort);
    listening.textContent = "通话已结束";
  } catch (error) {
    listening.textContent = abort.signal.aborted ? "已停止" : error.message;
  } finally {
    stopListening = null;
    listenButton.setAttribute("aria-pressed", "false");
    listenButton.textContent = "监听";
  }
});
