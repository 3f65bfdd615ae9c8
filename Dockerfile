FROM python:3.11.14-slim-bookworm AS packages
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM python:3.11.14-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    STATIC_ROOT=/app/staticfiles \
    HOST=0.0.0.0 \
    PORT=8000
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin console \
    && install -d -o console -g console -m 700 /data
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
# As prepare_console does, which then finds it done: it could not write here. The key only lets Django start; the image
# holds none, and a container takes its own from the environment.
RUN SECRET_KEY=build DATA_DIR=/tmp/build python manage.py shell --verbosity 0 \
        --command "from mailerconsole.operations import static_files; static_files.collect_if_changed()" \
    && chmod -R a+rX "$STATIC_ROOT" \
    && rm -rf /tmp/build
USER console
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "--config", "mailerconsole/gunicorn_settings.py", "mailerconsole.wsgi"]
